"""`alam gate-study`."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import alam_sim  # noqa: F401  (registers the environments)
from alam_ros.contract import ActionCodec, ActionSpec
from alam_ros.gate import CommandLimits, Gate, GateConfig, Risk
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.runtime import PolicyRuntime

REST_BENEFITS = {"no gate": None, "every high risk restricts": math.inf, "only where rest helps": 0.5}


@dataclass(frozen=True)
class Drive:
    """One drive: its return, its cost, and the share of control periods in which the gate restricted the command."""

    episode_return: float
    cost: float
    restricted_share: float


def main(arguments: Sequence[str]) -> int:
    """Drive the same maps without a gate and with it, and print what it does to return and cost."""
    parser = argparse.ArgumentParser(
        prog="alam gate-study", description="What the gate's thresholds do to a policy in its own simulator, without ROS."
    )
    parser.add_argument("policy", type=Path, help="policy file")
    parser.add_argument("--drives", type=int, default=32, help="maps, each driven once with every gate (default 32)")
    parser.add_argument("--steps", type=int, default=600, help="control periods of a drive (default 600)")
    parser.add_argument("--seed", type=int, default=0, help="of the maps (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    options = parser.parse_args(arguments)
    runtime = PolicyRuntime.load(options.policy)
    first, rows = first_seed(Purpose.EVALUATION, options.seed), []
    for name, rest_benefit in REST_BENEFITS.items():
        drives = [_drive(runtime, first + index, options.steps, rest_benefit) for index in range(options.drives)]
        rows.append(_summary(name, drives))
    print(json.dumps({"policy": str(options.policy), "seed": options.seed, "rows": rows}) if options.json else _table(rows))
    return 0


def _drive(runtime: PolicyRuntime, seed: int, steps: int, rest_benefit: float | None) -> Drive:
    """Drive one map; the gate decides once a control period, right after the policy."""
    environment_id = runtime.manifest.configuration["environment"]["id"]
    codec = ActionCodec(runtime.contract.action)
    rest = codec.to_normalised(np.zeros(runtime.contract.action_size))
    gate = None if rest_benefit is None else Gate(_config(runtime.contract.action, rest_benefit))
    total_return = total_cost = restricted = 0.0
    with closing(gymnasium.make(environment_id, max_episode_steps=-1, disable_env_checker=True)) as environment:
        observation, _ = environment.reset(seed=seed)
        for step in range(steps):
            action, now = runtime.act(observation), step * runtime.contract.control_period
            command = codec.to_physical(action)
            if gate is not None:
                gate.on_command(now, command)
                gate.on_risk(now, _risk(runtime, observation, action, rest, now))
                decision = gate.tick(now)
                restricted += decision.scale < 1.0
                command = decision.command
            observation, reward, _, _, info = environment.step(codec.to_normalised(command))
            total_return, total_cost = total_return + float(reward), total_cost + info["cost"]
    return Drive(total_return, total_cost, restricted / steps)


def _config(action: ActionSpec, rest_benefit: float) -> GateConfig:
    components = action.components
    limits = CommandLimits(
        names=tuple(c.name for c in components), low=tuple(c.low for c in components), high=tuple(c.high for c in components)
    )
    return GateConfig(limits=limits, rest_benefit=rest_benefit, escape_ratio=0.5, escape_delay=1.0)


def _risk(runtime: PolicyRuntime, observation: Any, action: Any, rest: Any, now: float) -> Risk:
    scores, at_rest = runtime.risk(observation, action), runtime.risk(observation, rest)
    return Risk(
        stamp=now,
        probability=scores.probability,
        cost_value=scores.cost_value,
        threshold=scores.threshold,
        novelty=scores.novelty,
        rest_probability=at_rest.probability,
        rest_cost_value=at_rest.cost_value,
    )


def _summary(name: str, drives: Sequence[Drive]) -> dict[str, Any]:
    def mean_and_error(values: list[float]) -> tuple[float, float]:
        return float(np.mean(values)), float(np.std(values) / math.sqrt(len(values)))

    returns = mean_and_error([drive.episode_return for drive in drives])
    costs = mean_and_error([drive.cost for drive in drives])
    restricted = float(np.mean([drive.restricted_share for drive in drives]))
    return {"gate": name, "drives": len(drives), "return": returns, "cost": costs, "restricted_share": restricted}


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"{'':28}{'return':>16}{'cost':>16}{'restricted':>12}   (mean ± standard error of {rows[0]['drives']} drives)"]
    for row in rows:
        returns, costs = (f"{mean:.1f} ± {error:.1f}" for mean, error in (row["return"], row["cost"]))
        lines.append(f"{row['gate']:28}{returns:>16}{costs:>16}{row['restricted_share']:>12.1%}")
    return "\n".join(lines)
