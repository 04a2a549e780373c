"""Real ROS 2 for tests: nodes in processes of their own, an isolated domain, and waiting for conditions.

A test uses the fixture `ros` (tests/nodes/conftest.py), a `RosGraph`:

    process = ros.start("policy_node", parameters={"policy": str(path)})
    ros.configure_and_activate("/policy")
    risks = ros.collect(RiskEstimate, "/alam/risk")
    ros.wait_for(lambda: risks, "a risk estimate")
    assert process.terminate() == 0
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar, TypeVar

import pytest

# Read by rclpy and by the generated messages when they are first imported.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"
# Over shared memory, Fast DDS 2.14 can crash a process that closes its participant after a peer was killed, as tests do.
os.environ["FASTDDS_BUILTIN_TRANSPORTS"] = "UDPv4"

rclpy = pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make`")

from lifecycle_msgs.msg import Transition  # noqa: E402
from lifecycle_msgs.srv import GetState  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.publisher import Publisher  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402

from alam_ros.host.ros_domain import DOMAINS, environment_in, is_domain_in_use  # noqa: E402
from alam_ros.nodes.bring_up import LifecycleClient  # noqa: E402

T = TypeVar("T")
DISCOVERY_TIMEOUT_S = 60.0  # how long a loaded machine may take to start a process and find its topics
ANSWER_TIMEOUT_S = 10.0  # after which a service is asked again

OF_THIS_ENVIRONMENT = ("PYTHONPATH", "LD_LIBRARY_PATH", "AMENT_PREFIX_PATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE")
"""Variables that another environment's Python must find anew."""

GRAPHS_PER_DOMAIN = 8
"""Limited to this host, Fast DDS discovers 32 participants of a domain at most, silent ones included."""

SILENT: list[tuple[Context, Node]] = []
"""Nodes of tests that are over; the process ends without destroying them (tests/conftest.py)."""


class DomainLock:
    """A ROS domain that no other test process on this machine uses until this one ends.

    Every so often a fresh one, because the tests' silent participants stay in theirs.
    """

    _held: ClassVar[list[DomainLock]] = []

    def __init__(self) -> None:
        self.domain_id, self._file = self._acquire()
        self.graphs = 0

    @classmethod
    def for_graph(cls) -> DomainLock:
        """Return the domain for one more graph."""
        if not cls._held or cls._held[-1].graphs == GRAPHS_PER_DOMAIN:
            cls._held.append(cls())
        cls._held[-1].graphs += 1
        return cls._held[-1]

    @staticmethod
    def _acquire() -> tuple[int, IO[str]]:
        folder = Path(tempfile.gettempdir()) / f"alam_ros_domains_{os.getuid()}"
        folder.mkdir(exist_ok=True)
        start = os.getpid() % len(DOMAINS)
        for domain_id in (*DOMAINS[start:], *DOMAINS[:start]):
            file = (folder / str(domain_id)).open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                if not is_domain_in_use(domain_id):  # as by a node that a killed run left behind
                    return domain_id, file
                file.close()
        raise RuntimeError("all ROS domains are in use by other test processes")


class NodeProcess:
    """One node in its own process."""

    def __init__(self, command: Iterable[str], environment: Mapping[str, str], log: Path, folder: Path | None = None) -> None:
        self.log = log
        with log.open("w") as stream:
            self._process = subprocess.Popen(
                list(command), env=dict(environment), stdout=stream, stderr=subprocess.STDOUT, cwd=folder
            )

    def output(self) -> str:
        """Return all it printed so far."""
        return self.log.read_text(errors="replace")

    @property
    def process_id(self) -> int:
        """Return what the system calls it."""
        return self._process.pid

    def is_running(self) -> bool:
        """Say whether the process has not ended."""
        return self._process.poll() is None

    def terminate(self) -> int:
        """Send SIGTERM and return the exit status."""
        return self._stop(signal.SIGTERM)

    def interrupt(self) -> int:
        """Send SIGINT, as Ctrl-C does, and return the exit status."""
        return self._stop(signal.SIGINT)

    def hang_up(self) -> int:
        """Send SIGHUP, as a terminal does that is gone, and return the exit status."""
        return self._stop(signal.SIGHUP)

    def kill(self) -> int:
        """Send SIGKILL, as a crash would, and return the exit status."""
        return self._stop(signal.SIGKILL)

    def wait(self, timeout: float = 20.0) -> int:
        """Return the exit status once the process has ended by itself."""
        return self._process.wait(timeout)

    def _stop(self, number: signal.Signals) -> int:
        if self.is_running():
            self._process.send_signal(number)
        return self.wait()


class RosGraph:
    """An isolated ROS graph: the processes under test and one node of the test's own to watch and drive them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._domain_id = DomainLock.for_graph().domain_id
        self._processes: list[NodeProcess] = []
        self.context = Context()
        self.context.init(domain_id=self._domain_id)
        self.node: Node = rclpy.create_node("test_probe", context=self.context, enable_rosout=False)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)

    def __enter__(self) -> RosGraph:  # noqa: PYI034  typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        running = [process for process in self._processes if process.is_running()]
        for process in running:
            process.kill()
        for process in self._processes:  # pytest shows this when the test fails
            status = "running" if process in running else f"status {process.wait()}"
            print(f"--- {process.log.name} ({status})\n{process.output()}")
        self._executor.shutdown()
        self._fall_silent()

    def _fall_silent(self) -> None:
        """Destroy what the node publishes, subscribes and calls, but neither the node nor its participant.

        Fast DDS 2.14 can crash the process while it destroys a participant whose peers were just killed, over UDP as well
        (docs/journal.md). What is left costs eleven file descriptors and eight sleeping threads a test.
        """
        for publisher in list(self.node.publishers):
            self.node.destroy_publisher(publisher)
        for subscription in list(self.node.subscriptions):
            self.node.destroy_subscription(subscription)
        for client in list(self.node.clients):
            self.node.destroy_client(client)
        SILENT.append((self.context, self.node))

    def start(
        self,
        module: str,
        *,
        parameters: Mapping[str, object] | None = None,
        remappings: Mapping[str, str] | None = None,
        namespace: str = "",
        arguments: Iterable[str] = (),
        python: Path | None = None,
        prefix: Iterable[str] = (),
    ) -> NodeProcess:
        """Start `alam_ros.nodes.<module>` in a process of its own.

        Args:
            module: such as `policy_node`.
            parameters: node parameters; paths as strings.
            remappings: from → to, topics or the special names `__node`, `__ns`.
            namespace: of the node, e.g. `/robot1`.
            arguments: further ones of ROS, such as `--params-file` and its path.
            python: of another environment that has the package; this one's by default.
            prefix: of the command: a program that starts the node in its turn.
        """
        remappings = {**({"__ns": namespace} if namespace else {}), **(remappings or {})}
        command = [*prefix, str(python or sys.executable), "-m", f"alam_ros.nodes.{module}", "--ros-args"]
        for name, value in (parameters or {}).items():
            command += ["-p", f"{name}:={json.dumps(value)}"]
        for source, target in remappings.items():
            command += ["-r", f"{source}:={target}"]
        command += arguments
        log = self._folder / f"{len(self._processes)}_{module}.log"
        environment = self.environment()
        for name in OF_THIS_ENVIRONMENT if python else ():
            environment.pop(name, None)
        process = NodeProcess(command, environment, log, self._folder if python else None)
        self._processes.append(process)
        return process

    def environment(self) -> dict[str, str]:
        """Return the environment of a process of this graph."""
        return {**environment_in(self._domain_id, self._folder), "OMP_NUM_THREADS": "1"}

    def add(self, node: Node) -> None:
        """Spin a node of this process together with the test's own."""
        self._executor.add_node(node)

    def spin_once(self, timeout: float = 0.02) -> None:
        """Handle what has arrived at the test's node."""
        self._executor.spin_once(timeout_sec=timeout)

    def wait_for(self, condition: Callable[[], object], what: str, timeout: float = DISCOVERY_TIMEOUT_S) -> None:
        """Spin until `condition()` is true; fail the test, naming `what`, when it does not become so."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"waited {timeout} s in vain for {what}; there are {self.node.get_node_names()}")
            self.spin_once()

    def collect(self, message_type: type[T], topic: str, qos: QoSProfile | int = 10) -> list[T]:
        """Subscribe and return the list to which every message is appended as it arrives."""
        messages: list[T] = []
        self.node.create_subscription(message_type, topic, messages.append, qos)
        return messages

    def publisher(self, message_type: type[Any], topic: str, qos: QoSProfile | int = 10, *, matched: bool = True) -> Publisher:
        """Return a publisher, by default once a subscriber is matched, so that nothing is lost."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        if matched:
            self.wait_for(lambda: publisher.get_subscription_count() > 0, f"a subscriber of {topic}")
        return publisher

    def call(self, service_type: type[Any], service: str, request: Any, timeout: float = DISCOVERY_TIMEOUT_S) -> Any:
        """Call a service and return its response; ask again when there is none, for an answer can be lost (`LifecycleClient`)."""
        client = self.node.create_client(service_type, service)
        self.wait_for(client.service_is_ready, f"the service {service}", timeout)
        answers = [client.call_async(request)]
        asked = time.monotonic()

        def is_answered() -> bool:
            if time.monotonic() > asked + ANSWER_TIMEOUT_S * len(answers):
                answers.append(client.call_async(request))
            return any(answer.done() for answer in answers)

        self.wait_for(is_answered, f"the answer of {service}", timeout)
        self.node.destroy_client(client)
        return next(answer.result() for answer in answers if answer.done())

    def change_state(self, node: str, transition: int) -> bool:
        """Ask a lifecycle node for a transition (`Transition.TRANSITION_…`) and return whether it succeeded."""
        return LifecycleClient(self.node, node, self.spin_once).change_state(transition, DISCOVERY_TIMEOUT_S)

    def state(self, node: str) -> str:
        """Return a lifecycle node's state: unconfigured, inactive, active or finalized."""
        return str(self.call(GetState, f"{node}/get_state", GetState.Request()).current_state.label)

    def configure_and_activate(self, node: str) -> None:
        """Bring a lifecycle node to work, failing the test when it refuses."""
        for what, transition in (("configure", Transition.TRANSITION_CONFIGURE), ("activate", Transition.TRANSITION_ACTIVATE)):
            if not self.change_state(node, transition):
                pytest.fail(f"{node} refused to {what}; it is {self.state(node)}, and there are {self.node.get_node_names()}")
