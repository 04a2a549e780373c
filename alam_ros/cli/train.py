"""`alam train`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from alam_ros.cli.arguments import distinct_names, distinct_seeds
from alam_ros.cli.configuration import load_configuration
from alam_ros.cli.stop import StopOnSignal
from alam_ros.learning.config import FAMILY, TrainingConfig
from alam_ros.number_text import number_text


def main(arguments: Sequence[str]) -> int:
    """Train; return 0 at the end of the budget, 130 or 143 after Ctrl-C or SIGTERM."""
    options = _parser().parse_intermixed_args(arguments)
    configs = list(_configurations(options))

    # Torch and simulators take seconds to import: a misspelt key is answered before.
    from alam_ros.cli.environments import episode_limit, make_environments
    from alam_ros.learning.device import find_device
    from alam_ros.learning.process import allow_many_files
    from alam_ros.learning.trainer import Trainer
    from alam_ros.learning.training_group import TrainingGroup, check_alike, last_common_steps

    check_alike(configs)
    allow_many_files()
    device = find_device(options.device)
    directories = [config.trainer.directory for config in configs]
    back_to = last_common_steps(configs) if options.resume else None
    if back_to is not None:
        print(f"the runs go on from {back_to:,} steps, the newest checkpoint that all of them have", file=sys.stderr)
    with StopOnSignal("saving a checkpoint (once more ends at once)") as stop, ExitStack() as stack:
        trainers = [
            stack.enter_context(
                Trainer(
                    config,
                    make_environments=make_environments,
                    resume=options.resume,
                    back_to=back_to,
                    should_stop=stop.is_requested,
                    label=Path(config.trainer.directory).name if len(configs) > 1 else "",
                )
            )
            for config in configs
        ]
        _tell_idleness(configs[0])
        _tell_budget(configs[0], episode_limit(configs[0].environment))
        if len(trainers) == 1 and device.type == "cpu":
            trainers[0].run()
        else:
            TrainingGroup(trainers, configs, device).run()
        if not all(trainer.is_finished for trainer in trainers):
            assert stop.signal is not None
            again = f"`alam train --resume {directories[0]}`" if len(configs) == 1 else "the same command and `--resume`"
            print(f"stopped at {trainers[0].steps:,} steps; continue with {again}", file=sys.stderr)
            return 128 + stop.signal
        where = f"the run is in {directories[0]}" if len(configs) == 1 else f"the runs are in {', '.join(directories)}"
        print(f"finished {trainers[0].steps:,} steps; {where}", file=sys.stderr)
    for config in configs:
        _tell_last_evaluation(config)
    return 0


def _tell_idleness(config: TrainingConfig) -> None:
    """Say what a configuration leaves without effect though it is allowed."""
    trainer, multiplier = config.trainer, config.algorithm.multiplier
    if trainer.random_steps >= trainer.steps:
        print(f"nothing will be learned: all of {trainer.steps:,} steps are random (trainer.random_steps)", file=sys.stderr)
    elif multiplier.kind != "none" and multiplier.start == 1.0:
        print("the constraint never comes into force (algorithm.multiplier.start: 1)", file=sys.stderr)


def _tell_budget(config: TrainingConfig, limit: int | None) -> None:
    """Say what a budget of other episodes comes to in the environment's own, and that these have to end."""
    if limit in (None, -1):
        endless = "its episodes have to end by themselves, for an evaluation waits for that"
        print(f"{config.environment.id} is registered without `max_episode_steps`: {endless}", file=sys.stderr)
        return
    constraint = config.algorithm.constraint
    budget, steps = constraint.episode_cost_limit, constraint.episode_steps
    if limit != steps:
        own = f"an episode of {config.environment.id} has {limit:,}, so that it may cost {budget * limit / steps:g}"
        print(f"the budget is a cost of {budget:g} in {steps:,} steps (algorithm.constraint); {own}", file=sys.stderr)


def _tell_last_evaluation(config: TrainingConfig) -> None:
    """Say where the last evaluation shows that the budget is not what a user takes it for."""
    from alam_ros.learning.metrics import hidden_cost, other_cost, read_metrics
    from alam_ros.learning.run_directory import RunDirectory
    from alam_ros.learning.stepper import OWN_SIMULATOR

    for last in read_metrics(RunDirectory(config.trainer.directory).metrics)[-1:]:
        if (other := other_cost(config, last["evaluation"])) is not None:
            spent, cost, length = map(number_text, other)
            constraint = config.algorithm.constraint
            limit, steps = constraint.episode_cost_limit, constraint.episode_steps
            print(
                f"the budget of {limit:g} is kept a step, in violations: {steps:,} steps of the last evaluation spend {spent}, "
                f"while an episode cost {cost} in {length} steps; where costs are graded or episodes end early, "
                f"state the budget accordingly ({OWN_SIMULATOR})",
                file=sys.stderr,
            )
        hidden = None if config.exported_copies else hidden_cost(config, last["evaluation"], last["training"])
        if hidden is not None:
            exported, collecting = map(number_text, hidden)
            print(
                f"without noise, as it is exported, the policy cost {exported} an episode in the last evaluation, "
                f"while collecting cost {collecting}; a copy of the environment that acts as exported lets training see "
                "that: `environment.copies=8`, or a larger `trainer.exported_share` (decision 26)",
                file=sys.stderr,
            )


def _configurations(options: argparse.Namespace) -> Iterator[TrainingConfig]:
    """Yield the configuration of each run."""
    for member in options.members or [None]:
        algorithm = [f"algorithm.name={member}"] if member else []
        config = load_configuration(options.config, [*options.overrides, *algorithm], options.directory or None)
        root = f"{config.trainer.directory}/{member}" if member else config.trainer.directory
        runs = [(seed, f"{root}-{seed}") for seed in options.seeds] if options.seeds else [(config.trainer.seed, root)]
        for seed, where in runs:
            yield replace(config, trainer=replace(config.trainer, seed=seed, directory=where))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam train",
        usage="alam train [-h] [--resume] [--directory DIR] [--device DEVICE] [--seeds N,…] [--members NAME,…]"
        " CONFIG [key=value ...]",
        description="Train a policy. Progress goes to the terminal, scalars to TensorBoard, evaluations to metrics.jsonl.",
    )
    parser.add_argument("config", metavar="CONFIG", help="YAML file, name of one that comes with alam_ros, or directory of a run")
    parser.add_argument("overrides", metavar="key=value", nargs="*", help="override of the configuration: trainer.seed=3")
    parser.add_argument("--resume", action="store_true", help="continue from the newest checkpoint of the run's directory")
    parser.add_argument("--directory", metavar="DIR", help="where the run goes (trainer.directory)")
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="where learner and replay are; simulators are processes of their own in any case (default cpu)",
    )
    parser.add_argument(
        "--seeds",
        type=distinct_seeds,
        metavar="N,…",
        help="train one run a seed side by side, their updates batched, which pays on a GPU; each goes to DIR-N",
    )
    parser.add_argument(
        "--members",
        type=distinct_names,
        metavar="NAME,…",
        help=f"train these algorithms side by side as well, each in DIR/NAME; of {', '.join(FAMILY)}; `sac` only alone",
    )
    return parser
