"""Which topics of a contract a recording has, with the right type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from alam_ros.contract import Contract
from alam_ros.contract_check.finding import Finding, fails, fits, note


def check_topics(
    contract: Contract, types: Mapping[str, str], counts: Mapping[str, int], topic_of: Callable[[str], str]
) -> list[Finding]:
    """Say of each topic of the observation what is recorded under its name.

    Args:
        contract: what is to be fed.
        types: recorded topic → ROS interface name.
        counts: recorded topic → number of messages.
        topic_of: the contract's name of a topic → that in the recording.
    """
    found = []
    for topic, kind in contract.topics():
        name = topic_of(topic)
        there = types.get(name)
        if there is None:
            found.append(fails(f"topic {name}: not recorded; {_others(kind, types)}"))
        elif there != kind:
            found.append(fails(f"topic {name}: {there}, expected {kind}; correct `topic` or `type` of the channel"))
        elif not counts.get(name):
            hint = (
                "; it is latched: record it from before it is published, or publish it again"
                if topic in contract.latched_topics
                else ""
            )
            found.append(fails(f"topic {name}: {kind}, no messages{hint}"))
        else:
            found.append(fits(f"topic {name}: {kind}, {counts[name]} messages"))
    return found


def check_command_topic(contract: Contract, types: Mapping[str, str], name: str) -> Finding:
    """Say whether commands are recorded; a drive without them still shows whether the observations fit."""
    kind, there = contract.action.type, types.get(name)
    if there is None:
        return note(f"commands {name}: not recorded, and not needed; {_others(kind, types)} (--commands names another topic)")
    if there != kind:
        return fails(f"commands {name}: {there}, expected {kind}; correct `type` of the action, or name another with --commands")
    return fits(f"commands {name}: {kind}")


def _others(kind: str, types: Mapping[str, str]) -> str:
    """Name the recorded topics of a type, one of which may be meant."""
    others = sorted(topic for topic, there in types.items() if there == kind)
    return f"recorded of this type: {', '.join(others)}" if others else f"nothing of the type {kind} is recorded"
