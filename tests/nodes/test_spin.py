"""Nodes wait for messages by the executor that their parameter names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alam_ros.errors import ConfigurationError
from tests.support.ros import RosGraph

from alam_ros.msg import GateState  # isort: skip
from alam_ros.nodes.qos import LATCHED  # isort: skip
from alam_ros.nodes.namesake import LOOK_EVERY_S  # isort: skip
from alam_ros.nodes.priority import take_priority  # isort: skip
from tests.nodes.test_safety_monitor_node import LIMITS  # isort: skip

TAKE = "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(7))"


@pytest.mark.parametrize("executor", ["events", "single_threaded"])
def test_a_node_works_with_either_executor(ros: RosGraph, executor: str) -> None:
    process = ros.start("safety_monitor_node", parameters={**LIMITS, "executor": executor})
    states: list[GateState] = ros.collect(GateState, "/alam/gate", LATCHED)
    ros.configure_and_activate("/safety_monitor")
    ros.wait_for(lambda: states and states[-1].command_missing, "a state")
    assert process.terminate() == 0


def test_a_second_node_of_the_same_name_is_told_and_one_in_another_namespace_is_not(ros: RosGraph) -> None:
    ros.start("safety_monitor_node", parameters=LIMITS)
    ros.wait_for(lambda: ("safety_monitor", "/") in ros.node.get_node_names_and_namespaces(), "the first node")
    elsewhere = ros.start("safety_monitor_node", parameters=LIMITS, namespace="/robot2")
    ros.wait_for(lambda: ("safety_monitor", "/robot2") in ros.node.get_node_names_and_namespaces(), "the node elsewhere")
    second = ros.start("safety_monitor_node", parameters=LIMITS)
    ros.wait_for(lambda: "another node is called /safety_monitor" in second.output(), "the second node to tell")
    assert "another node" not in elsewhere.output()


def test_a_node_of_the_same_name_that_is_discovered_late_is_told(ros: RosGraph) -> None:
    first = ros.start("safety_monitor_node", parameters=LIMITS)
    ros.wait_for(lambda: "safety_monitor" in ros.node.get_node_names(), "the first node")
    os.kill(first.process_id, signal.SIGSTOP)
    second = ros.start("safety_monitor_node", parameters=LIMITS)
    ros.wait_for(lambda: ros.node.get_node_names().count("safety_monitor") == 2, "the second node")
    is_due = time.monotonic() + 2 * LOOK_EVERY_S
    ros.wait_for(lambda: time.monotonic() > is_due, "the second node to have looked")
    assert "another node" not in second.output()
    os.kill(first.process_id, signal.SIGCONT)
    ros.wait_for(lambda: "another node is called /safety_monitor" in second.output(), "the second node to tell")


def may_take_priority() -> bool:
    result = subprocess.run([sys.executable, "-c", f"import os; {TAKE}"], capture_output=True, check=False)
    return result.returncode == 0


def test_every_thread_of_a_node_takes_the_real_time_priority_it_is_given(ros: RosGraph) -> None:
    if not may_take_priority():
        pytest.skip("this user may not take a real-time priority")
    process = ros.start("safety_monitor_node", parameters={**LIMITS, "realtime_priority": 7})
    ros.configure_and_activate("/safety_monitor")
    threads = [int(thread.name) for thread in Path(f"/proc/{process.process_id}/task").iterdir()]
    assert len(threads) > 3
    assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_FIFO}
    assert {os.sched_getparam(thread).sched_priority for thread in threads} == {7}


def test_without_the_right_to_it_a_priority_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with pytest.raises(ConfigurationError, match=r"`realtime_priority` 7; found Operation not permitted.*rtprio"):
        take_priority(7)
    take_priority(0)


def test_an_executor_that_is_none_is_refused_with_those_that_are(ros: RosGraph) -> None:
    process = ros.start("safety_monitor_node", parameters={**LIMITS, "executor": "psychic"})
    assert process.wait() == 1
    assert "`executor` among events, single_threaded; found 'psychic'" in process.output()
