"""Plays a robot and a commander at two nodes of one role, ours and a bare one, and times their answers.

`python -m alam_ros.nodes.latency.probe SETTINGS` prints one JSON document. Times are of this process's steady clock: from just
before a question is published until its answer's callback begins.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import rclpy

from alam_ros.nodes.latency.asked_side import AskedSide
from alam_ros.nodes.latency.roles import role_of
from alam_ros.nodes.latency.schedule import SIDES, Block, Plan, blocks
from alam_ros.nodes.priority import take_priority
from alam_ros.nodes.spin import make_executor
from alam_ros.onboard.contracts import load_policy
from alam_ros.onboard.stamps import SECOND_NS
from alam_ros.typed import from_mapping

DISCOVERY_TIMEOUT_S = 30.0
LAST_ANSWERS_S = 0.1
LEAD_S = 0.1


@dataclass(frozen=True)
class Settings:
    """What is measured.

    Attributes:
        policy: path of the policy file whose contract names the messages.
        role: policy, monitor or judge.
        plan: of the questions.
        processes: process id of each side.
        priority: real-time priority of the probe itself; 0 for none.
    """

    policy: str
    role: str
    plan: Plan
    processes: dict[str, int]
    priority: int = 0


class Probe:
    """Asks two sides."""

    def __init__(self, settings: Settings) -> None:
        gc.disable()
        rclpy.init(args=[])
        take_priority(settings.priority)
        self._node = rclpy.create_node("probe")
        self._executor = make_executor()
        self._executor.add_node(self._node)
        policy = load_policy(settings.policy)
        role = role_of(settings.role, policy.contract)
        self._plan = settings.plan
        self._sides = {side: AskedSide(self._node, side, role, settings.processes[side], policy.policy_id) for side in SIDES}

    def run(self) -> dict[str, Any]:
        """Ask everything and return what was found of each side.

        Raises:
            TimeoutError: when the two nodes are not found.
        """
        self._spin_until(time.perf_counter() + DISCOVERY_TIMEOUT_S, lambda: all(s.is_connected() for s in self._sides.values()))
        if not all(side.is_connected() for side in self._sides.values()):
            raise TimeoutError(f"the nodes were not found within {DISCOVERY_TIMEOUT_S:g} s")
        for block in blocks(self._plan):
            self._play(block)
        return {name: [asdict(turn) for turn in side.turns] for name, side in self._sides.items()}

    def _play(self, block: Block) -> None:
        begin, begin_ns = time.perf_counter() + LEAD_S, time.time_ns() + round(LEAD_S * SECOND_NS)
        gc.collect()
        for name in block.sides:
            self._sides[name].latch(begin_ns)
        for step in block.steps:
            self._spin_until(begin + step.time)
            # Stamps are of the plan: a sensor that is late still measured in its rhythm.
            stamp_ns, side = begin_ns + round(step.time * SECOND_NS), self._sides[step.side]
            if not step.is_question:
                side.show(stamp_ns)
                continue
            if step.number == 0:
                side.begin_turn()
            side.ask(stamp_ns, step.number)
        self._spin_until(begin + block.duration)
        for name in block.sides:
            self._sides[name].end_turn()
        self._spin_until(begin + block.duration + LAST_ANSWERS_S)

    def _spin_until(self, deadline: float, is_done: Callable[[], bool] = lambda: False) -> None:
        while (remaining := deadline - time.perf_counter()) > 0.0 and not is_done():
            self._executor.spin_once(timeout_sec=min(remaining, 0.1))


def main(settings: str) -> None:
    """Measure and print."""
    probe = Probe(from_mapping(Settings, json.loads(settings)))
    print(json.dumps(probe.run()))
    rclpy.try_shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
