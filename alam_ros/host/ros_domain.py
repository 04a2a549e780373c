"""ROS domains that processes of ours have to themselves."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from alam_ros.errors import ProcessError

DOMAINS = range(1, 102)
"""The domain ids whose ports lie below Linux's ephemeral range."""

PARTICIPANTS = 120
"""How many have ports of their own in a domain; Fast DDS counts them by process, those in other domains as well."""


def is_domain_in_use(domain_id: int) -> bool:
    """Say whether this machine has a participant of the domain: someone has bound the port at which it is discovered.

    The ports are those of RTPS 2.2, 9.6.1.1: 7400 + 250 · domain + 10 + 2 · participant.
    """
    first = 7410 + 250 * domain_id
    return any(_is_bound(first + 2 * participant) for participant in range(PARTICIPANTS))


def unused_domain() -> int:
    """Return a domain, drawn at random, in which nobody on this machine is.

    Two nodes of one name in one domain both do what either is asked: a demonstration must not configure someone's robot.

    Raises:
        ProcessError: when all are in use.
    """
    for domain_id in secrets.SystemRandom().sample(DOMAINS, len(DOMAINS)):
        if not is_domain_in_use(domain_id):
            return domain_id
    wanted = f"a ROS domain from {DOMAINS[0]} to {DOMAINS[-1]} without a participant on this machine"
    raise ProcessError(wanted, "participants in all", "end nodes that earlier runs left over")


def environment_in(domain_id: int, logs: Path) -> dict[str, str]:
    """Return this process's environment, changed for ROS nodes that only this machine sees.

    Args:
        domain_id: theirs.
        logs: folder for the logs of ROS.
    """
    return {
        **os.environ,
        "ROS_DOMAIN_ID": str(domain_id),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOG_DIR": str(logs.resolve()),
        # Over shared memory, Fast DDS 2.14 can crash a process that closes its participant after a peer was killed.
        "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
        "PYTHONUNBUFFERED": "1",
    }


def _is_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return True
    return False
