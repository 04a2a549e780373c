"""A simulator of one's own, complete: a trolley on a rail, slow where people cross (docs/simulators.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, ArraySample, Contract, JointStateSample, ObservationAssembler, Sample

RAIL_M = 3.0
CROSSING_SPEED_M_S = 0.8
GOAL_RADIUS_M = 0.1


class TrolleyEnv(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Drive to one goal after another; a step that ends on the crossing faster than 0.8 m/s costs 1."""

    def __init__(self) -> None:
        self.contract = Contract.load(Path(__file__).with_name("trolley.yaml"))
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (self.contract.observation_size,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (self.contract.action_size,), np.float32)
        self._codec = ActionCodec(self.contract.action)
        self._assembler = ObservationAssembler(self.contract)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Put the trolley at one end and the crossing somewhere on the way."""
        super().reset(seed=seed)
        begin = self.np_random.uniform(-1.5, 0.5)
        self._crossing = (begin, begin + self.np_random.uniform(0.5, 1.0))
        self._side = self.np_random.choice((-1.0, 1.0))
        self._position, self._velocity, self._time = -self._side * self.np_random.uniform(2.2, RAIL_M), 0.0, 0.0
        self._set_goal()
        self._assembler.restart()
        return self._observe()

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Drive for one control period; action: (1,) in [-1, 1], as the contract scales it."""
        period = self.contract.control_period
        change = self._codec.slew[0] * period
        wanted = self._codec.to_physical(action)[0]
        self._velocity += float(np.clip(wanted - self._velocity, -change, change))
        before = abs(self._goal - self._position)
        self._position = float(np.clip(self._position + self._velocity * period, -RAIL_M, RAIL_M))
        self._time += period
        left = abs(self._goal - self._position)
        reward = before - left
        if left < GOAL_RADIUS_M:
            reward += 1.0
            self._side = -self._side
            self._set_goal()
        observation, info = self._observe()
        return observation, reward, False, False, info

    def _set_goal(self) -> None:
        self._goal = self._side * self.np_random.uniform(2.2, 2.8)

    def _observe(self) -> tuple[NDArray[np.float32], dict[str, Any]]:
        samples: dict[str, Sample] = {
            "joint_states": JointStateSample(("rail",), np.array([self._position]), np.array([self._velocity])),
            "goal": ArraySample(np.array([self._goal], np.float32)),
            "crossing": ArraySample(np.array(self._crossing, np.float32)),
        }
        for topic, sample in samples.items():
            self._assembler.update(topic, sample, stamp=self._time, received=self._time)
        begin, end = self._crossing
        away = max(begin - self._position, self._position - end)
        clearance = away if away > 0.0 else CROSSING_SPEED_M_S - abs(self._velocity)  # m, and on the crossing m/s
        info = {"cost": float(clearance < 0.0), "clearance": clearance, "samples": samples}
        return self._assembler.advance(), info


gymnasium.register("Trolley-v0", entry_point=TrolleyEnv, max_episode_steps=200)
