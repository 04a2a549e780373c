"""`alam demo`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from alam_ros.cli.configuration import load_configuration
from alam_ros.cli.environments import make_environments
from alam_ros.cli.stop import StopOnSignal
from alam_ros.demo.console import Console
from alam_ros.demo.demonstration import STAGES, Demonstration, DemoOptions
from alam_ros.errors import ConfigurationError
from alam_ros.report.directory import DemoDirectory
from alam_ros.resources import shipped_policy

WALL_CLOCK_LIMIT_S = 570.0
"""So that training takes ten minutes at most, however slow the machine."""


def main(arguments: Sequence[str]) -> int:
    """Run the demonstration; return 0, 1 when a stage failed, 130 or 143 after Ctrl-C or SIGTERM."""
    options = _parser().parse_args(arguments)
    if options.policy is not None and not options.policy.is_file():
        raise ConfigurationError(f"a policy file `{options.policy}`", "none", "check the path")
    directory = DemoDirectory(options.directory)
    demo = DemoOptions(
        config=load_configuration(options.config, [f"trainer.wall_clock_limit_s={WALL_CLOCK_LIMIT_S}", *options.set]),
        directory=directory,
        policy=options.policy,
        reference=shipped_policy("navigation"),
        command=shlex.join(["alam", "demo", *arguments]),
    )
    if options.fresh:
        directory.clear()
    with StopOnSignal("stopping (once more ends at once)") as stop:
        demonstration = Demonstration(demo, make_environments, Console(STAGES), stop.is_requested)
        try:
            return demonstration.run()
        except KeyboardInterrupt:
            print("stopped; `alam demo` goes on where it was", file=sys.stderr)
            return 128 + (stop.signal or 2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam demo",
        description="Train, export, evaluate, drive over ROS 2 while faults are injected, report. Called again, it goes on.",
    )
    parser.add_argument("--directory", type=Path, default=Path("runs/demo"), metavar="DIR", help="of everything (runs/demo)")
    parser.add_argument("--policy", type=Path, metavar="FILE.alam", help="demonstrate this policy instead of training one")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier demonstration left in the directory")
    parser.add_argument(
        "--config", default="navigation", metavar="CONFIG", help="YAML file, or name of one that comes with alam_ros"
    )
    parser.add_argument("--set", action="append", default=[], metavar="key=value", help="override of the configuration")
    return parser
