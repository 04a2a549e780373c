"""Brings lifecycle nodes to work, in the order given: `python -m alam_ros.nodes.bring_up safety_monitor policy`.

For machines without `ros2 lifecycle` and `launch_ros`. A node that cannot be reached, or refuses, ends it with status 1; the
reason stands in that node's own log.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.client import Client
from rclpy.node import Node

TRANSITIONS = {"configure": Transition.TRANSITION_CONFIGURE, "activate": Transition.TRANSITION_ACTIVATE}


def bring_up(node: Node, names: Sequence[str], timeout_s: float) -> None:
    """Configure and activate each node.

    Args:
        node: through which the requests go.
        names: of the lifecycle nodes.
        timeout_s: for each of discovery and answer.

    Raises:
        TimeoutError: when a node is not there or does not answer.
        RuntimeError: when a node refuses a transition.
    """
    for name in names:
        client = node.create_client(ChangeState, f"{name}/change_state")
        if not client.wait_for_service(timeout_sec=timeout_s):
            raise TimeoutError(f"no lifecycle node `{name}` within {timeout_s:g} s")
        for label, transition in TRANSITIONS.items():
            if not _change_state(node, client, transition, name, timeout_s):
                raise RuntimeError(f"`{name}` refused to {label}; its log says why")


def _change_state(node: Node, client: Client, transition: int, name: str, timeout_s: float) -> bool:
    future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
    deadline = time.monotonic() + timeout_s
    while not future.done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer from `{name}` within {timeout_s:g} s")
        rclpy.spin_once(node, timeout_sec=0.1)
    return bool(future.result().success)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when all nodes are active."""
    parser = argparse.ArgumentParser(prog="bring_up", description="Configure and activate lifecycle nodes.")
    parser.add_argument("names", metavar="NODE", nargs="+", help="name, with namespace if any")
    parser.add_argument("--timeout", type=float, default=20.0, metavar="S", help="for each node (default 20 s)")
    options = parser.parse_args(arguments)
    rclpy.init(args=[])
    try:
        bring_up(rclpy.create_node("bring_up"), options.names, options.timeout)
    except (TimeoutError, RuntimeError) as error:
        print(f"bring_up: {error}", file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
