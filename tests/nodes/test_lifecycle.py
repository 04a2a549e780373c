"""Transitions explain themselves, end in a safe state, and no request kills the node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alam_ros.errors import PolicyFileError
from tests.support.ros import Context, RosGraph, Transition, rclpy

from alam_ros.nodes.bring_up import LifecycleClient  # isort: skip
from alam_ros.nodes.lifecycle import SafeLifecycleNode  # isort: skip
from lifecycle_msgs.msg import State  # isort: skip
from lifecycle_msgs.srv import ChangeState  # isort: skip


class Recorder(SafeLifecycleNode):
    """Writes down what happens to it; `failing` names the step that fails."""

    def __init__(self, context: Context) -> None:
        super().__init__("recorder", context=context)
        self.events: list[str] = []
        self.failing: dict[str, Exception] = {}

    def _happen(self, event: str) -> None:
        self.events.append(event)
        if event in self.failing:
            raise self.failing[event]

    def configure(self) -> None:
        for entity in ("first", "second"):
            self.hold(entity, lambda name: self.events.append(f"release {name}"))
        self._happen("configure")

    def activate(self) -> None:
        self._happen("activate")

    def make_safe(self) -> None:
        self._happen("make safe")

    @property
    def state(self) -> str:
        return str(self._state_machine.current_state[1])


@pytest.fixture
def node() -> Iterator[Recorder]:
    context = Context()
    rclpy.init(context=context)
    recorder = Recorder(context)
    yield recorder
    recorder.destroy_node()
    context.try_shutdown()


def test_a_full_life_makes_safe_once_and_releases_the_latest_first(node: Recorder) -> None:
    node.trigger_configure()
    node.trigger_activate()
    node.trigger_deactivate()
    node.trigger_cleanup()
    node.trigger_shutdown()
    assert node.state == "finalized"
    assert node.events == ["configure", "activate", "make safe", "release second", "release first"]


@pytest.mark.parametrize("error", [PolicyFileError("a", "b", "c"), RuntimeError("unexpected")])
def test_a_configuration_that_fails_is_undone_and_can_be_repeated(node: Recorder, error: Exception) -> None:
    node.failing["configure"] = error
    node.trigger_configure()
    assert node.state == "unconfigured"
    assert node.events == ["configure", "release second", "release first"]
    node.failing.clear()
    node.trigger_configure()
    assert node.state == "inactive"


def test_an_activation_that_fails_leaves_the_node_inactive(node: Recorder) -> None:
    node.trigger_configure()
    node.failing["activate"] = RuntimeError("unexpected")
    node.trigger_activate()
    assert node.state == "inactive"
    assert not node.is_active


def test_shutting_down_while_active_makes_safe_first(node: Recorder) -> None:
    node.trigger_configure()
    node.trigger_activate()
    node.trigger_shutdown()
    assert node.events[2:] == ["make safe", "release second", "release first"]


def test_the_end_of_the_process_makes_safe_and_releases(node: Recorder) -> None:
    node.trigger_configure()
    node.trigger_activate()
    node.stop()
    node.stop()
    assert node.events[2:] == ["make safe", "release second", "release first"]


def test_a_deactivation_that_fails_ends_unconfigured_and_inactive(node: Recorder) -> None:
    node.trigger_configure()
    node.trigger_activate()
    node.failing["make safe"] = RuntimeError("unexpected")
    node.trigger_deactivate()
    assert node.state == "unconfigured"
    assert not node.is_active
    assert node.events[-2:] == ["release second", "release first"]


@pytest.mark.parametrize("request_", [Transition(id=Transition.TRANSITION_ACTIVATE), Transition(id=250), Transition(label="fly")])
def test_an_impossible_transition_is_answered_not_died_of(ros: RosGraph, request_: Transition) -> None:
    recorder = Recorder(ros.context)
    ros.add(recorder)
    assert not ros.call(ChangeState, "/recorder/change_state", ChangeState.Request(transition=request_)).success
    assert recorder.state == "unconfigured"
    assert ros.change_state("/recorder", Transition.TRANSITION_CONFIGURE), "it still lives"
    recorder.destroy_node()


@pytest.fixture
def mute(ros: RosGraph) -> Iterator[Recorder]:
    """Make transitions whose answers are lost, as Fast DDS loses one for which it finds no reader in time."""
    recorder = Recorder(ros.context)
    ros.add(recorder)
    service = next(service for service in recorder.services if service.srv_type is ChangeState)
    service.send_response = lambda *_: None
    yield recorder
    recorder.destroy_node()


def test_an_answer_that_is_lost_is_made_good_by_the_state(ros: RosGraph, mute: Recorder) -> None:
    client = LifecycleClient(ros.node, "/recorder", ros.spin_once)
    assert client.change_state(Transition.TRANSITION_CONFIGURE, 20.0)
    assert client.change_state(Transition.TRANSITION_ACTIVATE, 20.0)
    assert (mute.state, mute.events) == ("active", ["configure", "activate"])


def lose_the_first_answer(node: Recorder) -> None:
    service = next(service for service in node.services if service.srv_type is ChangeState)

    def lose_once(*_: object) -> None:
        del service.send_response

    service.send_response = lose_once


def test_a_refusal_that_is_lost_once_is_asked_for_again(ros: RosGraph, mute: Recorder) -> None:
    lose_the_first_answer(mute)
    mute.failing["configure"] = RuntimeError("unexpected")
    assert not LifecycleClient(ros.node, "/recorder", ros.spin_once).change_state(Transition.TRANSITION_CONFIGURE, 20.0)
    assert mute.events.count("configure") == 2


def test_a_second_request_that_came_after_the_first_was_heard_is_no_refusal(
    ros: RosGraph, mute: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_first_answer(mute)
    real, seen = LifecycleClient._state, [State.PRIMARY_STATE_UNCONFIGURED]
    monkeypatch.setattr(LifecycleClient, "_state", lambda client: seen.pop() if seen else real(client))
    assert LifecycleClient(ros.node, "/recorder", ros.spin_once).change_state(Transition.TRANSITION_CONFIGURE, 20.0)
    assert mute.events == ["configure"]


def test_a_refusal_that_is_lost_is_no_success(ros: RosGraph, mute: Recorder) -> None:
    mute.failing["configure"] = RuntimeError("unexpected")
    with pytest.raises(TimeoutError, match="no answer from `/recorder` within 3 s"):
        LifecycleClient(ros.node, "/recorder", ros.spin_once).change_state(Transition.TRANSITION_CONFIGURE, 3.0)
