"""Spins a node until it is asked to stop, and stops it in order.

rclpy's own signal handlers invalidate the context at once, so that nothing can be published any more. The nodes here must be able
to publish a last zero command, so they handle the signals themselves: SIGINT, SIGTERM and SIGHUP end the spinning, the node is
made safe while its context still works, and the exit status is 0. The same where the launch that started the node is gone.
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from typing import Any, Protocol

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from alam_ros.errors import AlamError, ConfigurationError
from alam_ros.nodes.garbage import GarbageCollection
from alam_ros.nodes.launched_by import LaunchProcess
from alam_ros.nodes.lifecycle import SafeLifecycleNode
from alam_ros.nodes.namesake import NamesakeCheck
from alam_ros.nodes.parameters import fixed, ignored_parameters, integer, refused_parameters
from alam_ros.nodes.priority import take_priority

try:
    from rclpy.experimental import EventsExecutor
except ImportError:  # rclpy before 7.1.4
    EventsExecutor = SingleThreadedExecutor

SPIN_TIMEOUT_S = 0.05  # how late a signal, or the end of the launch, may be noticed
EVENTS = "events"
EXECUTORS: dict[str, Callable[[], Executor]] = {EVENTS: EventsExecutor, "single_threaded": SingleThreadedExecutor}
"""Parameter `executor` → what it names. Decision 11 says what each costs."""
EXECUTOR_MEANING = f"how rclpy waits for messages: {' or '.join(EXECUTORS)}"

PRIORITY_MEANING = "above 0: of SCHED_FIFO, before every process of normal priority"


class StoppableNode(Protocol):
    """What `spin_until_stopped` needs of a node."""

    def stop(self) -> None:
        """Leave the robot in a safe state and give everything back; publishers still work meanwhile."""

    def declare_parameter(self, name: str, value: Any, descriptor: Any) -> Any:
        """Declare a parameter, as rclpy does."""

    def get_logger(self) -> Any:
        """Return rclpy's logger of the node."""

    def destroy_node(self) -> None:
        """Destroy the node, as rclpy does."""


def spin_until_stopped(make_node: Callable[[], StoppableNode]) -> int:
    """Run one node for the life of the process.

    Args:
        make_node: makes the node, once rclpy is initialised.

    Returns:
        The process's exit status: 0 after such a signal or the end of the launch, 1 when the node cannot be made, as with
        parameters that do not fit, or a callback raises.
    """
    stop = _StopRequest()
    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # rcl's, for a parameter file that it cannot read or an argument that is none
        get_logger("alam_ros").fatal(f"{' '.join(str(error).split())}; correct what follows --ros-args")
        return 1
    try:
        launch = LaunchProcess()
        node = make_node()
        executor = make_executor(node.declare_parameter("executor", EVENTS, fixed(EXECUTOR_MEANING)).value)
        take_priority(node.declare_parameter("realtime_priority", 0, integer(PRIORITY_MEANING, 0, 99, is_fixed=True)).value)
    except (AlamError, ParameterException) as error:
        remedy = (
            "" if isinstance(error, AlamError) else "; correct the parameter file or the command line (a float has a point: 1.0)"
        )
        get_logger("alam_ros").fatal(f"{error}{remedy}")
        rclpy.try_shutdown()
        return 1
    _tell_ignored_parameters(node)
    executor.add_node(node)
    garbage, namesake = GarbageCollection(), NamesakeCheck(node)
    status = 0
    try:
        while not (stop.requested or _is_left_by(launch, node)):
            # Not spin(): without a timeout the EventsExecutor of Jazzy's wheels hangs at full load.
            executor.spin_once(timeout_sec=SPIN_TIMEOUT_S)
            garbage.run_if_due()
            namesake.run_if_due()
    except AlamError as error:
        node.get_logger().fatal(f"stopping: {error}")
        status = 1
    except Exception:  # noqa: BLE001  the robot must be left safe whatever happened
        node.get_logger().fatal(f"unexpected exception, stopping:\n{traceback.format_exc()}")
        status = 1
    finally:
        node.stop()
        executor.remove_node(node)
        node.destroy_node()
        rclpy.try_shutdown()
        stop.ignore_interrupts()
    return status


def make_executor(name: str = EVENTS) -> Executor:
    """Return an executor by its name.

    Raises:
        ConfigurationError: for a name that is none.
    """
    if name not in EXECUTORS:
        raise ConfigurationError(f"the parameter `executor` among {', '.join(EXECUTORS)}", repr(name), "correct it")
    return EXECUTORS[name]()


def _tell_ignored_parameters(node: StoppableNode) -> None:
    """Warn of parameters that the node does not have, but of those by which a lifecycle node refuses to be configured."""
    refused = refused_parameters(node) if isinstance(node, SafeLifecycleNode) else ()
    for name in ignored_parameters(node):
        if name not in refused:
            node.get_logger().warning(
                f"`{name}` is no parameter of this node and is ignored; `ros2 param list` names those it has"
            )


def _is_left_by(launch: LaunchProcess, node: StoppableNode) -> bool:
    """Say whether the launch is gone, and tell it in the log."""
    if not launch.has_ended():
        return False
    node.get_logger().warning(f"the launch that started this node, process {launch.process_id}, is gone; stopping")
    return True


class _StopRequest:
    """Remembers that SIGINT, SIGTERM or SIGHUP arrived."""

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` leaves it, for whom a lost terminal is no end
            signal.signal(signal.SIGHUP, self._on_signal)

    def ignore_interrupts(self) -> None:
        """Let a second Ctrl-C not make a failure of an orderly end. SIGTERM can still end what hangs."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _on_signal(self, *_: object) -> None:
        self.requested = True
