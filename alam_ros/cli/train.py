"""`alam train`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from alam_ros.cli.arguments import distinct_seeds
from alam_ros.cli.configuration import load_configuration
from alam_ros.cli.stop import StopOnSignal


def main(arguments: Sequence[str]) -> int:
    """Train; return 0 at the end of the budget, 130 or 143 after Ctrl-C or SIGTERM."""
    options = _parser().parse_intermixed_args(arguments)
    overrides = [*options.overrides, *([f"trainer.directory={options.directory}"] if options.directory else [])]
    config = load_configuration(options.config, overrides)

    seeds = [config.trainer.seed] if options.seeds is None else options.seeds
    # Torch and simulators take seconds to import: a misspelt key is answered before.
    from alam_ros.cli.environments import make_environments
    from alam_ros.learning.device import find_device
    from alam_ros.learning.trainer import Trainer
    from alam_ros.learning.training_group import TrainingGroup, of_seed

    device = find_device(options.device)
    configs = [config] if options.seeds is None else [of_seed(config, seed) for seed in seeds]
    with StopOnSignal("saving a checkpoint (once more ends at once)") as stop:
        with ExitStack() as stack:
            trainers = [
                stack.enter_context(
                    Trainer(
                        of_one,
                        make_environments=make_environments,
                        resume=options.resume,
                        should_stop=stop.is_requested,
                        label=f"seed {seed}" if len(seeds) > 1 else "",
                    )
                )
                for of_one, seed in zip(configs, seeds, strict=True)
            ]
            if options.seeds is None and device.type == "cpu":
                trainers[0].run()
            else:
                TrainingGroup(trainers, config, device).run()
        steps, directories = trainers[0].steps, ", ".join(of_one.trainer.directory for of_one in configs)
        if not all(trainer.is_finished for trainer in trainers):
            assert stop.signal is not None
            again = f"--resume {directories}" if options.seeds is None else "the same command and --resume"
            print(f"stopped at {steps:,} steps; continue with `alam train {again}`", file=sys.stderr)
            return 128 + stop.signal
    print(f"finished {steps:,} steps; the run is in {directories}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam train",
        usage="alam train [-h] [--resume] [--directory DIR] [--device DEVICE] [--seeds N,N,…] CONFIG [key=value ...]",
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
        metavar="N,N,…",
        help="train one run a seed side by side, their updates batched, which pays on a GPU; each goes to DIR-N",
    )
    return parser
