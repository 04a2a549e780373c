"""Environments that tell afterwards with which seeds they were reset."""

from __future__ import annotations

from typing import Any

from alam_sim.vector import make_vector


class Simulators:
    """Starts real environments and keeps them and the seeds they were reset with."""

    def __init__(self) -> None:
        self.vectors: list[Any] = []
        self.seeds: list[list[int]] = []

    def __call__(self, environment_id: str, copies: int, arguments: Any) -> Any:
        vector = make_vector(environment_id, copies, arguments)
        seeds: list[int] = []
        reset = vector.reset

        def recording_reset(*, seed: list[int], **options: Any) -> Any:
            each = copies // len(seed)
            seeds.extend(of_process + number for of_process in seed for number in range(each))
            return reset(seed=seed, **options)

        vector.reset = recording_reset
        self.vectors.append(vector)
        self.seeds.append(seeds)
        return vector
