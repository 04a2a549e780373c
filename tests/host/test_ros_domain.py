"""Domains of our own."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from alam_ros.errors import ProcessError
from alam_ros.host import ros_domain
from alam_ros.host.ros_domain import DOMAINS, environment_in, is_domain_in_use, unused_domain


@contextmanager
def participant(domain_id: int, number: int) -> Iterator[None]:
    """Hold the port of a participant."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("", 7410 + 250 * domain_id + 2 * number))
        yield


def free_domains() -> Iterator[int]:
    return (domain for domain in reversed(DOMAINS) if not is_domain_in_use(domain))


@pytest.mark.parametrize("number", [0, 119])
def test_a_domain_with_a_participant_is_in_use(number: int) -> None:
    domain = next(free_domains())
    with participant(domain, number):
        assert is_domain_in_use(domain)
    assert not is_domain_in_use(domain)


def test_the_only_domain_that_is_free_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = islice(free_domains(), 2)
    monkeypatch.setattr(ros_domain, "DOMAINS", (free, taken))
    with participant(taken, 3):
        assert {unused_domain() for _ in range(10)} == {free}


def test_none_that_is_free_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    domain = next(free_domains())
    monkeypatch.setattr(ros_domain, "DOMAINS", range(domain, domain + 1))
    with participant(domain, 0), pytest.raises(ProcessError, match="participants in all; end nodes"):
        unused_domain()


def test_the_environment_is_ours_but_for_what_isolates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "3")
    found = environment_in(40, tmp_path)
    assert (found["ROS_DOMAIN_ID"], found["ROS_LOG_DIR"], found["PATH"]) == ("40", str(tmp_path), os.environ["PATH"])
