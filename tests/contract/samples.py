"""Samples of the navigation contract with chosen values."""

from __future__ import annotations

import math

import numpy as np

from alam_ros.contract import LaserScanSample, ObservationAssembler, OdometrySample, PoseSample, Sample
from tests.support.policies import navigation_contract

BEAMS = 36


def scan(distance: float = 1.0, *, beams: int = BEAMS, frame: str = "base_link") -> LaserScanSample:
    return LaserScanSample(np.full(beams, distance, dtype=np.float32), -math.pi, 2 * math.pi / beams, frame)


def odometry(*, x: float = 0.0, y: float = 0.0, yaw: float = 0.0, speed: float = 0.0, turn_rate: float = 0.0) -> OdometrySample:
    orientation = (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))
    return OdometrySample((x, y, 0.0), orientation, (speed, 0.0, 0.0), (0.0, 0.0, turn_rate))


def goal(x: float = 2.0, y: float = 0.0, *, frame: str = "odom") -> PoseSample:
    return PoseSample((x, y, 0.0), (0.0, 0.0, 0.0, 1.0), frame)


def step_samples(step: int) -> dict[str, Sample]:
    """Return what the sensors of one simulated step give, different at every step."""
    return {
        "scan": scan(0.1 + 0.01 * step),
        "odom": odometry(x=0.02 * step, yaw=0.03 * step, speed=0.2, turn_rate=0.3),
        "goal": goal(2.0 + step // 5),
    }


def training_observations(steps: int) -> list[np.ndarray]:
    """Return what training sees of the first steps."""
    assembler = ObservationAssembler(navigation_contract())
    observations = []
    for step in range(steps):
        for topic, sample in step_samples(step).items():
            assembler.update(topic, sample)
        observations.append(assembler.advance())
    return observations
