"""Lends one of our environments to a program of another Python environment, over standard input and output.

`python -m alam_ros.bench.workers.environment ID ARGUMENTS`, the latter a JSON object, first prints one line of JSON:
`observation` and `action`, their sizes. Then each request is answered by the observation and reward, cost and whether the episode
ends, float32. A request is `R` and a seed (int64) to begin an episode, or `S` and an action (float32) for a step.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import gymnasium
import numpy as np

SEED = struct.Struct("<q")


def serve(environment_id: str, arguments: Mapping[str, Any], requests: BinaryIO, answers: BinaryIO) -> None:
    """Serve until there are no more requests."""
    environment = gymnasium.make(environment_id, **arguments)
    sizes = {"observation": environment.observation_space.shape[0], "action": environment.action_space.shape[0]}  # type: ignore[index]
    answers.write(json.dumps(sizes).encode() + b"\n")
    answers.flush()
    while kind := requests.read(1):
        if kind == b"R":
            observation, _ = environment.reset(seed=SEED.unpack(requests.read(SEED.size))[0])
            numbers = (0.0, 0.0, 0.0)
        else:
            action = np.frombuffer(requests.read(4 * sizes["action"]), np.float32)
            observation, reward, terminated, truncated, info = environment.step(action)
            numbers = (float(reward), float(info["cost"]), float(terminated or truncated))
        answers.write(np.concatenate((observation, numbers)).astype(np.float32).tobytes())
        answers.flush()
    environment.close()


def main(environment_id: str, arguments: str) -> None:
    """Serve; what the simulator prints goes to standard error."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    import alam_sim  # noqa: F401  registers the environments

    serve(environment_id, json.loads(arguments), sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
