"""Evaluation of a policy file on fresh episodes, through the code the robot runs."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alam_ros.demo.reliability import reliability
from alam_ros.learning.agents import PolicyAgent
from alam_ros.learning.config import EnvironmentConfig
from alam_ros.learning.evaluation import evaluate
from alam_ros.learning.progress import episodes_bar
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.learning.stepper import EnvironmentFactory, running
from alam_ros.learning.summary import summarise
from alam_ros.report.directory import read_json, write_json
from alam_ros.runtime import PolicyRuntime
from alam_ros.typed import finite


def evaluate_policy(
    policy: Path,
    output: Path,
    *,
    environment: EnvironmentConfig,
    make_environments: EnvironmentFactory,
    episodes: int,
    seed: int,
    should_stop: Callable[[], bool],
) -> dict[str, Any]:
    """Evaluate with deterministic actions; what `output` holds already for this very file and these episodes is reused.

    Raises:
        ContractError: when the policy was trained on other observations or actions than the environment's.
        KeyboardInterrupt: when told to stop.
        PolicyFileError: when the file cannot be used.
    """
    runtime = PolicyRuntime.load(policy)
    task = {"environment": environment.id, "arguments": dict(environment.arguments)}
    key = json.loads(json.dumps({"policy_id": runtime.policy_id, **task, "episodes": episodes, "seed": seed}))
    known: dict[str, Any] | None = read_json(output)
    if known is not None and {name: known.get(name) for name in key} == key:
        return known
    agent, started = PolicyAgent(runtime), time.monotonic()
    with running(make_environments, environment, min(environment.copies, episodes)) as stepper:
        runtime.contract.require(stepper.contract())
        first = first_seed(Purpose.EVALUATION, seed)
        with episodes_bar(episodes, "evaluation") as bar:
            records = evaluate(agent, stepper, episodes=episodes, first_seed=first, should_stop=should_stop, advance=bar.update)
        if should_stop():
            raise KeyboardInterrupt
    document: dict[str, Any] = finite(
        {
            **key,
            "command": _command(policy, environment, runtime, f"--episodes {episodes} --seed {seed}"),
            "algorithm": runtime.manifest.algorithm,
            "training": dict(runtime.manifest.training),
            "summary": summarise(records, agent),
            "returns": [record.episode_return for record in records],
            "costs": [record.episode_cost for record in records],
            "reliability": reliability(records, runtime.manifest, runtime.contract.control_period),
            "wall_seconds": time.monotonic() - started,
        }
    )
    write_json(output, document)
    return document


def _command(policy: Path, environment: EnvironmentConfig, runtime: PolicyRuntime, options: str) -> str:
    """Return what one types for the same evaluation; the file says which environment it was trained in."""
    trained = runtime.manifest.configuration.get("environment", {}).get("arguments", {})
    changed = {name: value for name, value in environment.arguments.items() if trained.get(name) != value}
    overrides = (f"arguments.{name}={json.dumps(value)}" for name, value in changed.items())
    return " ".join([shlex.join(["alam", "evaluate", str(policy), *overrides]), options])
