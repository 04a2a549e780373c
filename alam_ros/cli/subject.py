"""What a command judges: the newest checkpoint of a run, or a policy file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alam_ros.cli.configuration import parse_value
from alam_ros.contract import Contract
from alam_ros.errors import PolicyFileError
from alam_ros.learning.agents import Agent, LearnerAgent, PolicyAgent
from alam_ros.learning.config import EnvironmentConfig
from alam_ros.learning.learner import Learner
from alam_ros.learning.restore import restore_run
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.runtime import PolicyRuntime
from alam_ros.typed import from_mapping, to_mapping, with_override


@dataclass(frozen=True)
class Subject:
    """A trained policy.

    Attributes:
        agent: acts and judges.
        environment: it was trained in.
        contract: it was trained with.
        budget: what `episode_steps` steps may cost, and these; None where a policy file does not say.
        stated_horizon: of the probability that a policy file states, s; None without.
        run, learner: of a run; None for a policy file.
    """

    agent: Agent
    environment: EnvironmentConfig
    contract: Contract
    budget: tuple[float, int] | None
    stated_horizon: float | None
    run: RunDirectory | None
    learner: Learner | None


def add_subject(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `load_subject` takes: `policy` and `overrides`; to be read with `parse_intermixed_args`."""
    parser.add_argument("policy", metavar="RUN_OR_POLICY", type=Path, help="directory of a run, or policy file")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="KEY=VALUE",
        help="change the environment: arguments.moving_obstacles=0, say, leaves out one cause of violations",
    )


def load_subject(path: Path, overrides: Sequence[str] = ()) -> Subject:
    """Read a run directory or a policy file.

    Args:
        path: of either.
        overrides: `key=value` for its environment's configuration, such as `arguments.moving_obstacles=0`.

    Raises:
        AlamError: when there is nothing that can be read, or an override does not fit.
    """
    if path.is_dir():
        trained, run = restore_run(path), RunDirectory(path)
        environment = _overridden(to_mapping(trained.config.environment), overrides)
        agent = LearnerAgent(trained.learner)
        constraint = trained.config.algorithm.constraint
        budget = (constraint.episode_cost_limit, constraint.episode_steps)
        return Subject(agent, environment, run.load_contract(), budget, None, run, trained.learner)
    runtime = PolicyRuntime.load(path)
    given = runtime.manifest.configuration.get("environment")
    if not isinstance(given, Mapping):
        raise PolicyFileError(f"`configuration.environment` in `{path}`", repr(given), "take a file that `alam export` wrote")
    environment = _overridden(dict(given), overrides)
    calibration = runtime.manifest.calibration
    horizon = calibration.horizon if calibration else None
    return Subject(PolicyAgent(runtime), environment, runtime.contract, _budget(runtime), horizon, None, None)


def _budget(runtime: PolicyRuntime) -> tuple[float, int] | None:
    """Return the budget that a policy file says it was trained with."""
    algorithm = runtime.manifest.configuration.get("algorithm")
    constraint = algorithm.get("constraint") if isinstance(algorithm, Mapping) else None
    if not isinstance(constraint, Mapping):
        return None
    limit, steps = constraint.get("episode_cost_limit"), constraint.get("episode_steps")
    return (limit, steps) if isinstance(limit, int | float) and isinstance(steps, int) else None


def _overridden(mapping: dict[str, object], overrides: Sequence[str]) -> EnvironmentConfig:
    for assignment in overrides:
        with_override(mapping, assignment, parse_value)
    return from_mapping(EnvironmentConfig, mapping, "environment")
