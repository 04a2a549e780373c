"""Brings lifecycle nodes to work, in the order given: `ros2 run alam_ros bring_up safety_monitor policy`.

The launch files use it, and machines without ROS's command line (`python -m alam_ros.nodes.bring_up`). Names are relative to its
own namespace. A node that cannot be reached, or refuses, ends it with status 1; the reason stands in that node's own log. So does
a node that works already, most likely another launch's of the same name, which is asked for nothing, and the end of the
launch that started this: what nobody could end any more is not brought to work.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

import rclpy
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.exceptions import NameValidationException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from rclpy.utilities import remove_ros_args

from alam_ros.errors import AlamError, LaunchError
from alam_ros.nodes.launched_by import INTERRUPTED, LaunchProcess
from alam_ros.nodes.namesake import LISTED_S
from alam_ros.parameter_file import full_name

TRANSITIONS = {"configure": Transition.TRANSITION_CONFIGURE, "activate": Transition.TRANSITION_ACTIVATE}

REACHES = {
    Transition.TRANSITION_CONFIGURE: State.PRIMARY_STATE_INACTIVE,
    Transition.TRANSITION_ACTIVATE: State.PRIMARY_STATE_ACTIVE,
    Transition.TRANSITION_DEACTIVATE: State.PRIMARY_STATE_INACTIVE,
    Transition.TRANSITION_CLEANUP: State.PRIMARY_STATE_UNCONFIGURED,
    Transition.TRANSITION_UNCONFIGURED_SHUTDOWN: State.PRIMARY_STATE_FINALIZED,
    Transition.TRANSITION_INACTIVE_SHUTDOWN: State.PRIMARY_STATE_FINALIZED,
    Transition.TRANSITION_ACTIVE_SHUTDOWN: State.PRIMARY_STATE_FINALIZED,
}
"""Transition → the state of a node that has made it."""

PRIMARY_STATES = frozenset(
    {State.PRIMARY_STATE_UNCONFIGURED, State.PRIMARY_STATE_INACTIVE, State.PRIMARY_STATE_ACTIVE, State.PRIMARY_STATE_FINALIZED}
)
"""Those in which no transition is under way."""

_LABELS = {
    State.PRIMARY_STATE_INACTIVE: "inactive",
    State.PRIMARY_STATE_ACTIVE: "active",
    State.PRIMARY_STATE_FINALIZED: "finalized",
}

_OTHER_LAUNCH = "most likely another launch's: end that one, or start this one in a namespace (`namespace:=robot2`)"

FORGOTTEN_S = LISTED_S + 5.0
"""How long a second node of a name may be listed, s, before it counts as one that lives."""

ANNOUNCED_S = 3.5
"""How long another node of a name is looked for, s: Fast DDS announces every 3 s those that were there before."""

LOOK_AGAIN_S = 0.2

PATIENCE_S = 2.0
"""How long an answer is waited for before the node is asked for its state, s."""


class LifecycleClient:
    """Asks one lifecycle node for transitions.

    An answer can be lost: Fast DDS drops it when the node has not found this process's reader 0.1 s later ("client will not
    receive response", it warns), as happens on a busy machine. The node's state then says what became of the request: a node that
    rests elsewhere refused it or never saw it, and is asked again.
    """

    def __init__(self, node: Node, name: str, spin_once: Callable[[], None]) -> None:
        """Prepare to ask.

        Args:
            node: through which the requests go.
            name: of the lifecycle node, with its namespace if any.
            spin_once: handles what has arrived at `node`, waiting a moment for it.
        """
        self._name = name
        self._spin_once = spin_once
        self._changes = node.create_client(ChangeState, f"{name}/change_state")
        self._states = node.create_client(GetState, f"{name}/get_state")

    def change_state(self, transition: int, timeout_s: float) -> bool:
        """Ask for a transition and say whether the node made it.

        Args:
            transition: one of `REACHES`.
            timeout_s: for each of discovery and answer.

        Raises:
            TimeoutError: when the node is not there or does not answer.
        """
        self._find(timeout_s)
        deadline = time.monotonic() + timeout_s
        answers = [self._ask_for(transition)]
        while not self._wait(lambda: any(answer.done() for answer in answers), min(PATIENCE_S, timeout_s)):
            state = self._state()
            if state == REACHES[transition]:
                return True
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer from `{self._name}` within {timeout_s:g} s")
            if state in PRIMARY_STATES:
                answers.append(self._ask_for(transition))
        is_made = any(answer.result().success for answer in answers if answer.done())
        return is_made or (len(answers) > 1 and self._state() == REACHES[transition])

    def state(self, timeout_s: float) -> int:
        """Return the node's state, `State.…`; unknown where the answer does not come soon.

        Args:
            timeout_s: for discovery.

        Raises:
            TimeoutError: when the node is not there.
        """
        self._find(timeout_s)
        self._wait(self._states.service_is_ready, PATIENCE_S)
        return self._state()

    def _find(self, timeout_s: float) -> None:
        if not self._wait(self._changes.service_is_ready, timeout_s):
            raise TimeoutError(f"no lifecycle node `{self._name}` within {timeout_s:g} s")

    def _ask_for(self, transition: int) -> Future:
        return self._changes.call_async(ChangeState.Request(transition=Transition(id=transition)))

    def _state(self) -> int:
        answer = self._states.call_async(GetState.Request())
        return int(answer.result().current_state.id) if self._wait(answer.done, PATIENCE_S) else State.PRIMARY_STATE_UNKNOWN

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._spin_once()
        return True


def bring_up(node: Node, names: Sequence[str], timeout_s: float, require_wanted: Callable[[], None]) -> None:
    """Configure and activate each node.

    Args:
        node: through which the requests go.
        names: of the lifecycle nodes.
        timeout_s: for each of discovery and answer.
        require_wanted: asked again and again; raises what ends it early.

    Raises:
        TimeoutError: when a node is not there or does not answer.
        LaunchError: when a node is not one that has just started.
        RuntimeError: when a node refuses a transition.
    """

    def spin_once() -> None:
        require_wanted()
        rclpy.spin_once(node, timeout_sec=0.1)

    announced = time.monotonic() + ANNOUNCED_S
    for name in names:
        client = LifecycleClient(node, name, spin_once)
        called = name if name.startswith("/") else full_name(node.get_namespace(), name)
        _await_sole_and_unconfigured(node, called, client, timeout_s, announced)
        for label, transition in TRANSITIONS.items():
            if not client.change_state(transition, timeout_s):
                raise RuntimeError(f"`{name}` refused to {label}; its log says why")


def _await_sole_and_unconfigured(node: Node, name: str, client: LifecycleClient, timeout_s: float, announced: float) -> None:
    """Refuse a node that was brought to work before, and two of a name: a request would reach both, and either may answer.

    The node of this launch is mostly found first, for what starts announces itself at once. One that was killed meanwhile is
    listed for some time, and is waited for; one killed before is not found any more. A node whose state is not known will be
    asked for a transition.

    Args:
        node: through which the graph is seen.
        name: of the lifecycle node, in full.
        client: asks it.
        timeout_s: for its discovery.
        announced: when whatever was there before has been found, s of the steady clock.

    Raises:
        TimeoutError: when it is not there.
        LaunchError: when it is not one that has just started, or not alone.
    """
    deadline = 0.0
    while True:
        _require_unconfigured(name, client.state(timeout_s))
        found = [full_name(namespace, other) for other, namespace in node.get_node_names_and_namespaces()].count(name)
        if found <= 1 and time.monotonic() >= announced:
            return
        if found > 1 and not deadline:
            deadline = time.monotonic() + FORGOTTEN_S
            print(f"bring_up: {found} nodes are called {name}; waiting, in case one was killed", file=sys.stderr, flush=True)
        if found > 1 and time.monotonic() > deadline:
            raise LaunchError(f"one node called `{name}`", f"{found}", _OTHER_LAUNCH)
        time.sleep(LOOK_AGAIN_S)


def _require_unconfigured(name: str, state: int) -> None:
    if state in (State.PRIMARY_STATE_UNKNOWN, State.PRIMARY_STATE_UNCONFIGURED):
        return
    if state == State.PRIMARY_STATE_FINALIZED:
        remedy = "it was shut down for good but its process lives, maybe another launch's: end that process, then start again"
    else:
        remedy = (
            f"a node of that name is at work already, {_OTHER_LAUNCH}; one that was configured by hand is taken on by "
            "`ros2 lifecycle set`"
        )
    raise LaunchError(f"`{name}` unconfigured, as a node is that has just started", _LABELS.get(state, "a transition"), remedy)


class _Demand:
    """Whether somebody still wants nodes to be brought to work.

    Ctrl-C is remembered rather than raised: an exception that comes while rclpy calls back or clears away is swallowed.
    """

    def __init__(self) -> None:
        self._launch = LaunchProcess()
        self._is_interrupted = False
        signal.signal(signal.SIGINT, self._interrupt)

    def require(self) -> None:
        """Raise what ends the bringing up.

        Raises:
            KeyboardInterrupt: after Ctrl-C.
            RuntimeError: when the launch that started this is gone.
        """
        if self._is_interrupted:
            raise KeyboardInterrupt
        if self._launch.has_ended():
            raise RuntimeError(f"the launch that started this, process {self._launch.process_id}, is gone")

    def _interrupt(self, *_: object) -> None:
        self._is_interrupted = True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when all nodes are active."""
    parser = argparse.ArgumentParser(prog="bring_up", description="Configure and activate lifecycle nodes.")
    parser.add_argument("names", metavar="NODE", nargs="+", help="name, with namespace if any")
    parser.add_argument("--timeout", type=float, default=20.0, metavar="S", help="for each node (default 20 s)")
    given = sys.argv if arguments is None else [parser.prog, *arguments]
    options = parser.parse_args(remove_ros_args(given)[1:])
    rclpy.init(args=given, signal_handler_options=SignalHandlerOptions.NO)
    try:
        demand = _Demand()
        # Hidden, as those of ROS's command line are, and beside another one in its namespace.
        node = rclpy.create_node(f"_bring_up_{os.getpid()}", start_parameter_services=False)
        bring_up(node, options.names, options.timeout, demand.require)
    except (TimeoutError, RuntimeError, NameValidationException, AlamError) as error:
        print(f"bring_up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bring_up: stopped", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one that comes now must not make a failure of what is done
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
