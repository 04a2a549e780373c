"""`alam contract check`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from alam_ros.bags import require
from alam_ros.contract_check.document import check_document
from alam_ros.contract_check.finding import Verdict
from alam_ros.contract_check.policy import check_policy
from alam_ros.replay.settings import node_parameters


def main(arguments: Sequence[str]) -> int:
    """Print line by line what fits, and return 0 when all does, else 1."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.bag is None and (options.commands or (options.namespace and options.params is None)):
        parser.error("--namespace and --commands are of a recorded drive; give it with --bag")
    gate = node_parameters(options.params, options.namespace).gate
    contract, found = check_document(options.file, gate)
    if contract is not None and options.policy is not None:
        found += check_policy(contract, options.policy)
    if contract is not None and options.bag is not None:
        require("rosbags")
        from alam_ros.contract_check.drive import check_drive

        found += check_drive(contract, options.bag, namespace=options.namespace, commands=options.commands, gate=gate)
    for finding in found:
        print(f"{finding.verdict.value:<6}{finding.text}")
    failures = sum(finding.verdict is Verdict.FAILS for finding in found)
    what = f"{options.file}{f' and {options.bag}' if options.bag else ''}"
    print(f"\n{what}: {f'{failures} of {len(found)} lines fail' if failures else 'all fits'}")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="alam contract", description="Work with contracts (docs/contract.md).")
    commands = parser.add_subparsers(dest="command", required=True, metavar="check")
    check = commands.add_parser(
        "check",
        help="say line by line what fits",
        description="Say line by line what of a contract, and of a policy and a recorded drive held against it, fits. Exit"
        " status 0 when nothing fails, else 1.",
    )
    check.add_argument("file", type=Path, metavar="FILE.yaml", help="contract")
    check.add_argument("--policy", type=Path, metavar="FILE.alam", help="policy that is to work by the contract")
    check.add_argument("--bag", type=Path, metavar="DRIVE", help="an .mcap or .db3 file, or a rosbag2 folder, to hold against it")
    check.add_argument(
        "--params", type=Path, metavar="FILE.yaml", help="parameters of safety_monitor, as config/robot.yaml; default: its own"
    )
    check.add_argument("--namespace", default="", help="of the robot in the recording and the parameters")
    check.add_argument("--commands", default="", metavar="TOPIC", help="of the recorded commands (default: the action's)")
    return parser
