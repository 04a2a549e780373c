"""`alam replay`."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from alam_ros.bags import require
from alam_ros.errors import BagError


def main(arguments: Sequence[str]) -> int:
    """Replay a recording, write risk, gate and report, and print what the drive says."""
    options = _parser().parse_args(arguments)
    require("rosbags", "matplotlib", "scipy")
    from alam_ros.replay.drive import replay
    from alam_ros.replay.output import document, write_bag, write_document
    from alam_ros.replay.page import write_page
    from alam_ros.replay.settings import ReplaySettings
    from alam_ros.replay.text import summary

    recording = options.recording.resolve()  # `.` has no name
    settings = ReplaySettings(
        recording=options.recording,
        policy=options.policy,
        robot=options.robot,
        parameters=options.params,
        namespace=options.namespace,
        commands=options.commands,
        cost=options.cost,
        hazard_distance=options.hazard_distance,
    )
    output = options.output or recording.with_name(f"{recording.stem}_replay")
    if output.exists():
        raise BagError("a folder that does not exist yet", f"{output}", "remove it, or name another with --output")
    found = replay(settings, use_trace=not options.no_trace)
    try:
        output.mkdir(parents=True)
    except OSError as error:
        raise BagError("a folder that can be made", f"{output}: {error.strerror}", "name another with --output") from error
    file = write_bag(found, output / "bag")
    write_document(found, output / "replay.json")
    write_page(found, output / "report.html", shlex.join(["alam", "replay", *arguments]))
    print(
        json.dumps(document(found), allow_nan=False) if options.json else f"{summary(found)}\n\n{file}\n{output / 'report.html'}"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam replay",
        description="Run policy and gate, the very code of the nodes, over a recorded drive, without ROS. docs/replay.md defines"
        " what is measured.",
    )
    parser.add_argument("recording", type=Path, metavar="DRIVE", help="an .mcap or .db3 file, or a rosbag2 folder")
    parser.add_argument("--policy", type=Path, required=True, metavar="FILE.alam", help="policy file")
    parser.add_argument("--robot", default="", metavar="FILE.yaml", help="contract of this robot; default: the policy's own")
    parser.add_argument(
        "--params",
        type=Path,
        metavar="FILE.yaml",
        help="parameters of policy and safety_monitor, as config/robot.yaml; default: those of the drive, else the nodes' own",
    )
    parser.add_argument("--namespace", default="", help="of the robot in the recording")
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder to make (default: DRIVE_replay beside the recording)")
    parser.add_argument(
        "--cost", default="", metavar="TOPIC", help="truth: above 0 in a violation; default: simulator/cost where it was recorded"
    )
    parser.add_argument(
        "--hazard-distance",
        type=float,
        default=0.25,
        metavar="M",
        help="without a cost: a return of the scan below this is a hazard (default %(default)s)",
    )
    parser.add_argument(
        "--commands", default="", metavar="TOPIC", help="commander, without a trace; default: the policy's actions"
    )
    parser.add_argument("--no-trace", action="store_true", help="leave the recorded trace of the gate out")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a summary")
    return parser
