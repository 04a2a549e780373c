"""`alam risk`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alam_ros.cli.arguments import new_file, positive_integer, seed
from alam_ros.cli.environments import make_environments
from alam_ros.cli.subject import Subject, add_subject, load_subject
from alam_ros.learning.evaluation import MIXED_NOISES
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.oscillation import Oscillation, last_half, oscillation
from alam_ros.learning.probe import read_probe
from alam_ros.learning.progress import episodes_bar
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.stepper import running
from alam_ros.report.figures.reliability import draw
from alam_ros.report.theme import LIGHT, png, styled
from alam_ros.risk_evaluation.bootstrap import RESAMPLES
from alam_ros.risk_evaluation.evaluation import RiskEvaluation, collect_episodes, evaluate_risk
from alam_ros.risk_evaluation.optimality import probe_states
from alam_ros.risk_evaluation.shadow_price import ShadowPrice, shadow_price
from alam_ros.risk_evaluation.tables import risk_text
from alam_ros.typed import finite, to_mapping

HORIZONS = (10, 25, 50, 100)
HEADLINE_S = 1.0


@dataclass(frozen=True)
class TrainingFigures:
    """What only a run can tell, not its policy file.

    Attributes:
        oscillation: of λ̄, Q_c and the evaluations' cost over the last half of training; empty without a record.
        shadow_price: None for a run without a constraint in force.
    """

    oscillation: dict[str, Oscillation]
    shadow_price: ShadowPrice | None


def main(arguments: Sequence[str]) -> int:
    """Run the episodes and print what they say of the risk scores."""
    options = _parser().parse_intermixed_args(arguments)
    subject = load_subject(options.policy, options.overrides)
    headline = max(1, round(HEADLINE_S / subject.contract.control_period))
    copies = min(subject.environment.copies, options.episodes)
    bar = episodes_bar(len(MIXED_NOISES) * options.episodes, "judging")
    with running(make_environments, subject.environment, copies) as stepper, bar:
        subject.contract.require(stepper.contract())
        episodes = collect_episodes(subject.agent, stepper, episodes=options.episodes, seed=options.seed, advance=bar.update)
    stated = subject.stated_horizon
    found = evaluate_risk(
        subject.agent,
        episodes,
        headline=headline,
        horizons=options.horizons,
        stated_horizon=None if stated is None else round(stated / subject.contract.control_period),
        resamples=options.resamples,
    )
    records = [record for group in episodes.values() for record in group]
    training = _training_figures(subject, probe_states(records))
    if options.figure is not None:
        _draw(found, headline * subject.contract.control_period, options.figure)
    if options.json:
        print(json.dumps(finite(_document(options, subject, found, training)), allow_nan=False))
    else:
        print(risk_text(found, subject.contract.control_period))
        print(_training_text(training), end="")
    return 0


def _training_figures(subject: Subject, observation: np.ndarray[Any, np.dtype[np.float32]]) -> TrainingFigures | None:
    if subject.run is None or subject.learner is None:
        return None
    is_in_force = subject.learner.is_constrained and subject.learner.multiplier.ramp > 0
    return TrainingFigures(_oscillation(subject.run), shadow_price(subject.learner, observation) if is_in_force else None)


def _oscillation(run: RunDirectory) -> dict[str, Oscillation]:
    record = read_probe(run.probe)
    if record is None:
        return {}
    late = last_half(record)
    costs = [row["evaluation"]["cost_mean"] for row in read_metrics(run.metrics) if row["steps"] >= record.steps[-1] / 2]
    series = {"multiplier": late.multiplier, "cost_value": late.cost_value, "evaluation_cost": np.array(costs)[:, None]}
    return {name: oscillation(values) for name, values in series.items()}


def _document(
    options: argparse.Namespace, subject: Subject, found: RiskEvaluation, training: TrainingFigures | None
) -> dict[str, Any]:
    return {
        "policy": str(options.policy),
        "environment": to_mapping(subject.environment),
        "control_period": subject.contract.control_period,
        "episodes": options.episodes,
        "seed": options.seed,
        "resamples": options.resamples,
        **to_mapping(found),
        "training": to_mapping(training),
    }


def _training_text(training: TrainingFigures | None) -> str:
    if training is None:
        return ""
    lines = ["", "Over the last half of training   moments   variation   excess variation   reversals"]
    for name, found in training.oscillation.items():
        figures = f"{found.variation:12.3f}{found.excess_total_variation:19.4f}{found.reversal_rate:12.1%}"
        lines.append(f"{name:<33}{found.moments:7d}{figures}")
    if not training.oscillation:
        lines = ["", "This run has no probe record: it was trained by an older version."]
    price = training.shadow_price
    if price is not None:
        lines.append(
            f"\nShadow price, {price.states} binding states: slope {price.slope:.2f} (ideal 1), R² {price.r_squared:.2f}"
        )
    return "\n".join(lines) + "\n"


def _draw(found: RiskEvaluation, horizon: float, path: Path) -> None:
    _, bins = found.diagram
    with styled(LIGHT):
        path.write_bytes(png(draw(LIGHT, [vars(one) for one in bins], horizon)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam risk",
        description="Judge how well a policy's scores foretell violations, on fresh episodes: a third with deterministic actions,"
        " a third with actions drawn from the policy, a third perturbed by N(0, 0.3). docs/risk.md explains the figures.",
    )
    add_subject(parser)
    parser.add_argument("--episodes", type=positive_integer, default=50, help="of each kind (default 50)")
    parser.add_argument("--seed", type=seed, default=0, help="of the episodes (default 0)")
    parser.add_argument(
        "--horizons",
        type=positive_integer,
        nargs="+",
        default=HORIZONS,
        metavar="STEPS",
        help=f"control steps ahead (default {' '.join(map(str, HORIZONS))}); 1 s is always among them",
    )
    parser.add_argument("--resamples", type=positive_integer, default=RESAMPLES, help=f"of the bootstrap (default {RESAMPLES})")
    parser.add_argument("--figure", type=new_file, metavar="FILE.png", help="write the reliability diagram there")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    return parser
