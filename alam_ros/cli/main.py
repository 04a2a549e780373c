"""The `alam` command: chooses the sub-command and turns errors into one line."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import select
import signal
import sys
from collections.abc import Sequence
from typing import TextIO

from alam_ros import __version__
from alam_ros.errors import AlamError, ConfigurationError

COMMANDS = {
    "demo": "train, export, evaluate, drive over ROS 2, report: all of it, in about a quarter of an hour",
    "train": "train, or continue a run",
    "evaluate": "run fresh episodes with a trained policy",
    "study": "run algorithm × task × seed to the end through any interruption, and report",
    "export": "write a run's policy file",
    "risk": "judge how well a trained policy foretells violations",
    "contract": "check a contract, and whether a recorded drive fits it",
    "replay": "look back at a recorded drive: risk, gate and four numbers, without ROS",
    "gate-study": "what the gate does to a careless commander, or to the policy itself",
    "bench": "measure the learner against its peers and the machine, and the nodes against a bare one",
    "bandit": "compare rules of updating the multiplier on a problem whose multiplier is known",
}
"""Sub-command → what it does. Each is a module of this package, imported when chosen, with `main(arguments) -> int`."""

FULL = (errno.ENOSPC, errno.EDQUOT)
"""A disk without room, and a user who may have no more of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 2 wrong use, 128 + n ended by signal n."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = _parser().parse_args(arguments[:1]).command
    try:
        code: int = importlib.import_module(f"alam_ros.cli.{command.replace('-', '_')}").main(arguments[1:])
        if sys.stdout is not None:  # closed by who started this
            sys.stdout.flush()
    except BrokenPipeError:
        if not _has_no_reader(sys.stdout):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the interpreter's own flush at the end
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        print(f"alam {command}: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except (AlamError, ModuleNotFoundError, OSError) as error:
        print(f"alam {command}: {_reason(error)}", file=sys.stderr)
        return 2
    return code


def _reason(error: AlamError | ModuleNotFoundError | OSError) -> AlamError:
    """Return what to tell: of a full disk or a package that is not installed what to do; raise anew what was not foreseen."""
    if isinstance(error, AlamError):
        return error
    if isinstance(error, OSError):
        if error.errno not in FULL:
            raise error
        where = f" for {error.filename}" if error.filename else ""
        return ConfigurationError(f"room{where}", str(error.strerror), "free space, then run it again")
    name = (error.name or "").partition(".")[0]
    if name in ("", "alam_ros", "alam_sim"):
        raise error
    return ConfigurationError(
        f"the package `{name}`", "none", "`make venv` in a clone of alam_ros brings all that its commands need"
    )


def _has_no_reader(stream: TextIO) -> bool:
    """Say whether what a stream is piped into has enough, as in `alam … | head`."""
    poll = select.poll()
    poll.register(stream, select.POLLOUT)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="alam",
        usage="alam [-h] [--version] COMMAND ...",
        description="Learn to move safely in simulation; export the policy for ROS 2.",
        epilog=f"commands:\n{commands}\n\n`alam COMMAND -h` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"alam {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="see below")
    return parser
