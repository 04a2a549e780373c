"""Nodes wait for messages by the executor that their parameter names."""

from __future__ import annotations

import pytest

from tests.support.ros import RosGraph

from alam_ros.msg import GateState  # isort: skip
from alam_ros.nodes.qos import LATCHED  # isort: skip
from tests.nodes.test_safety_monitor_node import LIMITS  # isort: skip


@pytest.mark.parametrize("executor", ["events", "single_threaded"])
def test_a_node_works_with_either_executor(ros: RosGraph, executor: str) -> None:
    process = ros.start("safety_monitor_node", parameters={**LIMITS, "executor": executor})
    states: list[GateState] = ros.collect(GateState, "/alam/gate", LATCHED)
    ros.configure_and_activate("/safety_monitor")
    ros.wait_for(lambda: states and states[-1].command_missing, "a state")
    assert process.terminate() == 0


def test_an_executor_that_is_none_is_refused_with_those_that_are(ros: RosGraph) -> None:
    process = ros.start("safety_monitor_node", parameters={**LIMITS, "executor": "psychic"})
    assert process.wait() == 1
    assert "`executor` among events, single_threaded; found 'psychic'" in process.output()
