"""A contract held against the policy that is to work by it."""

from __future__ import annotations

from pathlib import Path

from alam_ros.contract import Contract
from alam_ros.contract_check.document import elements
from alam_ros.contract_check.finding import Finding, fails, fits, note
from alam_ros.onboard.contracts import load_policy
from alam_ros.onboard.unfamiliar import unvaried


def check_policy(contract: Contract, path: Path) -> list[Finding]:
    """Say where a contract describes something else than the policy was trained on, as the nodes would when they are configured.

    Raises:
        PolicyFileError: when the policy file cannot be used.
    """
    runtime = load_policy(str(path))
    differences = runtime.contract.differences(contract)
    name = f"policy {runtime.policy_id} ({path.name})"
    if not differences:
        constant = [note(text)] if (text := unvaried(runtime)) else []
        return [
            fits(f"{name}: trained on what the contract describes"),
            *_elsewhere(runtime.contract, contract),
            *_called(runtime.contract, contract),
            *constant,
        ]
    return [fails(f"{name}: trained on something else: {difference}") for difference in differences]


def _elsewhere(trained: Contract, contract: Contract) -> list[Finding]:
    """Tell parts of arrays that lie elsewhere than in training: a robot's own arrays may, and a slip looks the same."""
    return [
        note(f"{mine.name}: reads {elements(mine)}, and the policy was trained on {elements(theirs)}: do they mean the same?")
        for mine, theirs in zip(contract.observation, trained.observation, strict=True)
        if (mine.first, mine.whole_array) != (theirs.first, theirs.whole_array)
    ]


def _called(trained: Contract, contract: Contract) -> list[Finding]:
    """Tell what was one joint in training and has several names here: a robot's parts may differ, and a slip looks the same."""
    places: dict[str, dict[str, str]] = {}
    mine = contract.joint_orders()
    for where, joints in trained.joint_orders().items():
        for theirs, joint in zip(joints, mine.get(where, ()), strict=False):
            places.setdefault(theirs, {}).setdefault(joint, where)
    told = {joint: ", ".join(f"`{name}` in {where}" for name, where in names.items()) for joint, names in places.items()}
    return [
        note(f"joint `{joint}` in training: {names}: are they one joint?")
        for joint, names in told.items()
        if len(places[joint]) > 1
    ]
