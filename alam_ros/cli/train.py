"""`alam train`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from alam_ros.cli.configuration import load_configuration
from alam_ros.cli.stop import StopOnSignal


def main(arguments: Sequence[str]) -> int:
    """Train; return 0 at the end of the budget, 130 or 143 after Ctrl-C or SIGTERM."""
    options = _parser().parse_intermixed_args(arguments)
    overrides = [*options.overrides, *([f"trainer.directory={options.directory}"] if options.directory else [])]
    config = load_configuration(options.config, overrides)
    directory = config.trainer.directory

    # Torch and simulators take seconds to import: a misspelt key is answered before.
    from alam_ros.cli.environments import make_environments
    from alam_ros.learning.trainer import Trainer

    with StopOnSignal("saving a checkpoint (once more ends at once)") as stop:
        with Trainer(
            config, make_environments=make_environments, resume=options.resume, should_stop=stop.is_requested
        ) as trainer:
            trainer.run()
        if not trainer.is_finished:
            assert stop.signal is not None
            print(f"stopped at {trainer.steps:,} steps; continue with `alam train --resume {directory}`", file=sys.stderr)
            return 128 + stop.signal
    print(f"finished {trainer.steps:,} steps; the run is in {directory}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam train",
        usage="alam train [-h] [--resume] [--directory DIR] CONFIG [key=value ...]",
        description="Train a policy. Progress goes to the terminal, scalars to TensorBoard, evaluations to metrics.jsonl.",
    )
    parser.add_argument("config", metavar="CONFIG", help="YAML file, name of one that comes with alam_ros, or directory of a run")
    parser.add_argument("overrides", metavar="key=value", nargs="*", help="override of the configuration: trainer.seed=3")
    parser.add_argument("--resume", action="store_true", help="continue from the newest checkpoint of the run's directory")
    parser.add_argument("--directory", metavar="DIR", help="where the run goes (trainer.directory)")
    return parser
