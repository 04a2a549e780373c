"""The stages of the demonstration, one after the other; the report tells also of what could not be done."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from alam_ros.demo.console import Console
from alam_ros.demo.drive import DriveOptions, drive, missing_interfaces, missing_packages
from alam_ros.demo.evaluating import evaluate_policy
from alam_ros.demo.training import export_policy, in_directory, train
from alam_ros.errors import AlamError
from alam_ros.host.machine import describe_machine, describe_versions
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.stepper import EnvironmentFactory
from alam_ros.number_text import number_text
from alam_ros.report.build import build_report
from alam_ros.report.directory import DemoDirectory, read_json, write_json
from alam_ros.runtime import PolicyRuntime

STAGES = 5
NO_ROS = "`make venv` installs ROS 2 and this package's messages beside everything else; `make demo` does both"


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """What to demonstrate.

    Attributes:
        config: of the training.
        directory: where everything goes.
        policy: file that is demonstrated instead of training one.
        reference: file that comes with the package, to compare with where it is for the same contract; figures lie beside it as
            `.json`, with the `task` that they are of.
        command: as it was typed, for the report.
        episodes: of each evaluation.
        evaluation_seed, drive_seed: of fresh episodes and of the map that is driven.
        drive_s: simulated time before the first fault, s.
    """

    config: TrainingConfig
    directory: DemoDirectory
    policy: Path | None
    reference: Path | None
    command: str
    episodes: int = 100
    evaluation_seed: int = 0
    drive_seed: int = 3
    drive_s: float = 60.0


@dataclass
class Demonstration:
    """One call of `alam demo`.

    Attributes:
        options: what to demonstrate.
        make_environments: starts the simulators.
        console: where progress is shown.
        should_stop: says whether the user wants an end.
        failures: stage → reason, of those that failed.
    """

    options: DemoOptions
    make_environments: EnvironmentFactory
    console: Console
    should_stop: Callable[[], bool]
    failures: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def run(self) -> int:
        """Run all stages and return the exit code: 0, or 1 when one failed.

        Raises:
            ConfigurationError: when the directory cannot be made.
            KeyboardInterrupt: when told to stop.
        """
        options, directory = self.options, self.options.directory
        directory.make()
        policy = options.policy or directory.policy
        self.console.plain(f"alam demo · everything goes to {directory.root}")
        if self._attempt("training", self._train) and self._attempt("evaluation", lambda: self._evaluate(policy)):
            self._attempt("drive", lambda: self._drive(policy))
        else:
            directory.forget_results()  # of an earlier call
        self._write_facts(policy)
        self.console.stage(5, "Report")
        summary = build_report(directory)
        self.console.done(f"{len(list(directory.figures.glob('*.png')))} figures, one page")
        self.console.plain("\n" + "\n".join(summary) + f"\n\nReport  {directory.report.resolve()}")
        for stage, reason in self.failures.items():
            self.console.plain(f"The {stage} failed: {reason.splitlines()[0]}")
        return 1 if self.failures else 0

    def _attempt(self, stage: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except AlamError as error:
            self.failures[stage] = str(error)
            self.console.failed(str(error))
            return False
        return True

    def _train(self) -> None:
        options, directory = self.options, self.options.directory
        if options.policy is not None:
            self.console.stage(1, "Training")
            self.console.skipped(f"not needed: {options.policy} is demonstrated")
            self.console.stage(2, "Export")
            self.console.skipped("not needed")
            return
        trainer = options.config.trainer
        limit = "" if trainer.wall_clock_limit_s is None else f", at most {trainer.wall_clock_limit_s / 60:.3g} minutes"
        name, environment = options.config.algorithm.name, options.config.environment.id
        self.console.stage(
            1, f"Training {name} on {environment}: {trainer.steps:,} steps{limit} (Ctrl-C saves, a new call goes on)"
        )
        steps = train(in_directory(options.config, directory.run), self.make_environments, self.should_stop)
        self.console.done(f"{steps:,} steps trained")
        self.console.stage(2, "Export: one policy file with calibrated risk")
        export_policy(directory.run, directory.policy, self.make_environments)
        self.console.done(f"{directory.policy}, {directory.policy.stat().st_size / 1024:.0f} KiB")

    def _evaluate(self, policy: Path) -> None:
        options, directory = self.options, self.options.directory
        self.console.stage(3, f"Evaluation on {options.episodes} fresh episodes, through the code the robot runs")
        figures = self._figures(policy, directory.evaluation)
        self.console.done(_result("this policy", figures))
        reference, reason = _comparable(options.reference, policy)
        if reference is None:
            directory.reference.unlink(missing_ok=True)
            self.missing["reference"] = reason
            self.console.detail(reason)
            return
        self.console.detail(f"the same for the reference policy that comes with alam_ros, {reference.name}")
        self.console.done(_result("the reference", self._figures(reference, directory.reference)))

    def _figures(self, policy: Path, output: Path) -> dict[str, Any]:
        options = self.options
        return evaluate_policy(
            policy,
            output,
            environment=options.config.environment,
            make_environments=self.make_environments,
            episodes=options.episodes,
            seed=options.evaluation_seed,
            should_stop=self.should_stop,
        )

    def _drive(self, policy: Path) -> None:
        options = self.options
        self.console.stage(
            4, f"Drive: simulator, policy and safety monitor as processes over DDS, {options.drive_s:g} s, then faults"
        )
        if reason := _why_no_drive(policy):
            shutil.rmtree(options.directory.drive, ignore_errors=True)  # of another policy
            self.missing["drive"] = reason
            self.console.skipped(reason)
            return
        started = time.monotonic()
        drive(
            DriveOptions(
                environment=options.config.environment.id,
                policy=policy,
                seed=options.drive_seed,
                duration=options.drive_s,
            ),
            options.directory,
            self.console,
            self.should_stop,
        )
        self.console.done(f"all processes stopped in order after {time.monotonic() - started:.0f} s")

    def _write_facts(self, policy: Path) -> None:
        options, directory = self.options, self.options.directory
        facts = {
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "command": options.command,
            "policy": str(policy),
            "is_trained_here": options.policy is None,
            "shipped": _shipped_figures(options),
            "machine": describe_machine(),
            "versions": describe_versions(),
            "failures": self.failures,
            "missing": self.missing,
        }
        write_json(directory.facts, facts)


def _comparable(reference: Path | None, policy: Path) -> tuple[Path | None, str]:
    """Return the reference where it takes and gives what the policy does; None and the reason where it does not."""
    if reference is None:
        return None, "No reference policy comes with this version."
    mine, its = (PolicyRuntime.load(path).contract for path in (policy, reference))
    if its.differences(mine):
        return None, f"The policy that comes with alam_ros is for the contract `{its.name}`, this one for `{mine.name}`."
    return reference, ""


def _shipped_figures(options: DemoOptions) -> Any:
    """Return the figures that come with the reference policy; None for another task than theirs."""
    figures = read_json(options.reference.with_suffix(".json")) if options.reference else None
    return figures if figures and figures["task"] == options.config.environment.id else None


def _why_no_drive(policy: Path) -> str | None:
    """Return why the policy cannot drive here; None where it can."""
    if absent := missing_interfaces(PolicyRuntime.load(policy).contract):
        return f"no drive: it needs a mobile base, and the policy's contract has no {' and no '.join(absent)}"
    if absent := missing_packages():
        return f"no drive: {', '.join(absent)} not found. {NO_ROS}"
    return None


def _result(name: str, figures: dict[str, Any]) -> str:
    summary = figures["summary"]
    mean, spread, cost = (number_text(summary[key]) for key in ("return_mean", "return_std", "cost_mean"))
    return f"{name}: return {mean} ± {spread}, cost {cost}"
