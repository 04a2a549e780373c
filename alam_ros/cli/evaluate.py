"""`alam evaluate`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from alam_ros.cli.arguments import action_deviation, positive_integer, seed
from alam_ros.cli.environments import make_environments
from alam_ros.cli.subject import Subject, add_subject, load_subject
from alam_ros.learning.evaluation import ActionNoise, EpisodeRecord, evaluate
from alam_ros.learning.progress import episodes_bar
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.learning.stepper import running
from alam_ros.learning.summary import summarise
from alam_ros.number_text import number_text
from alam_ros.typed import finite, to_mapping


def main(arguments: Sequence[str]) -> int:
    """Run the episodes and print their figures."""
    options = _parser().parse_intermixed_args(arguments)
    subject = load_subject(options.policy, options.overrides)
    agent, copies = subject.agent, min(subject.environment.copies, options.episodes)
    bar = episodes_bar(options.episodes, "evaluating")
    with running(make_environments, subject.environment, copies) as stepper, bar:
        subject.contract.require(stepper.contract())
        records = evaluate(
            agent,
            stepper,
            episodes=options.episodes,
            first_seed=first_seed(Purpose.EVALUATION, options.seed),
            noise=ActionNoise(stochastic=options.stochastic, perturbation=options.perturbation),
            advance=bar.update,
        )
    summary = summarise(records, agent)
    if options.json:
        print(json.dumps(finite(_document(options, subject, summary, records)), allow_nan=False))
    else:
        print(_text(summary, records, subject.budget))
    return 0


def _document(
    options: argparse.Namespace, subject: Subject, summary: dict[str, float], records: Sequence[EpisodeRecord]
) -> dict[str, Any]:
    task = {"policy": str(options.policy), "environment": to_mapping(subject.environment)}
    chosen = {**task, "seed": options.seed, "stochastic": options.stochastic}
    episodes = [
        {"seed": record.seed, "return": record.episode_return, "cost": record.episode_cost, "length": len(record)}
        for record in records
    ]
    return {**chosen, "perturbation": options.perturbation, "summary": summary, "episodes": episodes}


def _text(summary: dict[str, float], records: Sequence[EpisodeRecord], budget: tuple[float, int] | None) -> str:
    spent = ""
    if budget is not None:
        limit, steps = budget
        spent = (
            f"budget      {number_text(summary['violation_rate'] * steps, 2)} spent of {limit:g} violations in {steps:,} steps\n"
        )
    return (
        f"{len(records)} episodes (mean ± standard deviation)\n"
        f"return      {number_text(summary['return_mean'], 2)} ± {number_text(summary['return_std'], 2)}\n"
        f"cost        {number_text(summary['cost_mean'], 2)} ± {number_text(summary['cost_std'], 2)}, "
        f"none in {summary['cost_free_share']:.0%} of them\n"
        f"{spent}"
        f"multiplier  mean {summary['multiplier_mean']:.3f}, maximum {summary['multiplier_max']:.3f}\n"
        f"Q_c         bias {summary['q_cost_bias']:+.3f}, correlation {summary['q_cost_correlation']:.2f} with observed costs"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam evaluate", description="Run fresh episodes, on seeds that training never uses, to their ends."
    )
    add_subject(parser)
    parser.add_argument("--episodes", type=positive_integer, default=100, help="how many (default 100)")
    parser.add_argument("--seed", type=seed, default=0, help="of the episodes (default 0)")
    parser.add_argument(
        "--stochastic", action="store_true", help="draw actions from the policy instead of its deterministic ones"
    )
    parser.add_argument(
        "--perturbation", type=action_deviation, default=0.0, metavar="SIGMA", help="add N(0, SIGMA) to each action"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document with every episode")
    return parser
