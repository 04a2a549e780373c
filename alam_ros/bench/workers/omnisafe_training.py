"""Trains OmniSafe's SACLag on a borrowed environment and prints what it achieves, one JSON document a line.

`python omnisafe_training.py SETTINGS`, in the peers' Python environment; nothing of alam_ros is imported. Everything is as
OmniSafe ships it but for what `SETTINGS` say. Evaluations are of the deterministic policy on fresh episodes; their time does not
count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any, ClassVar

import gymnasium
import numpy as np
import torch

# OmniSafe imports Safety-Gymnasium, whose package body fails beside today's Python and Gymnasium. The task here needs none of it.
sys.modules.setdefault("safety_gymnasium", ModuleType("safety_gymnasium"))

import omnisafe  # noqa: E402
from omnisafe.envs.core import CMDP, env_register  # noqa: E402

TASK = "Borrowed-v0"
FIRST_EVALUATION_SEED = 1_000_000


class Borrowed:
    """An environment of ours in a process of its own; `alam_ros/bench/workers/environment.py` is the other end."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        assert self._process.stdout is not None
        sizes = json.loads(self._process.stdout.readline())
        self.observation, self.action = sizes["observation"], sizes["action"]

    def reset(self, seed: int) -> np.ndarray[Any, Any]:
        """Begin an episode and return its first observation."""
        return self._ask(b"R" + seed.to_bytes(8, "little"))[:-3]

    def step(self, action: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float, float, bool]:
        """Return observation, reward, cost, whether the episode ends."""
        answer = self._ask(b"S" + action.astype(np.float32).tobytes())
        return answer[:-3], float(answer[-3]), float(answer[-2]), bool(answer[-1])

    def _ask(self, request: bytes) -> np.ndarray[Any, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(request)
        self._process.stdin.flush()
        answer: np.ndarray[Any, Any] = np.frombuffer(self._process.stdout.read(4 * (self.observation + 3)), np.float32).copy()
        return answer


class BorrowedTask(CMDP):  # type: ignore[misc]  # the package has no type information
    """The borrowed environment as OmniSafe wants it; the command is set before it is made."""

    need_auto_reset_wrapper = True
    need_time_limit_wrapper = False
    command: ClassVar[Sequence[str]] = ()
    _support_envs: ClassVar[list[str]] = [TASK]

    def __init__(self, env_id: str, num_envs: int = 1, **_: Any) -> None:
        self._num_envs, self._seed = num_envs, 0
        self._borrowed = Borrowed(self.command)
        self._observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (self._borrowed.observation,), np.float32)
        self._action_space = gymnasium.spaces.Box(-1.0, 1.0, (self._borrowed.action,), np.float32)

    def set_seed(self, seed: int) -> None:
        """Let the next episode have this seed, and each later one the next."""
        self._seed = seed

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[torch.Tensor, dict[str, Any]]:
        """Start an episode."""
        self._seed += 1
        return torch.from_numpy(self._borrowed.reset(self._seed)), {}

    def step(self, action: torch.Tensor) -> tuple[Any, ...]:
        """Return observation, reward, cost, terminated, truncated, info."""
        observation, reward, cost, is_end = self._borrowed.step(action.detach().cpu().numpy())
        seen = torch.from_numpy(observation)
        ended, never = torch.tensor(is_end), torch.tensor(False)
        return seen, torch.tensor(reward), torch.tensor(cost), never, ended, {"final_observation": seen}

    def render(self) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Release nothing; the other process ends with this one."""


def main(settings: dict[str, Any]) -> None:
    """Train and print."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    BorrowedTask.command = settings["environment"]
    env_register(BorrowedTask)
    evaluated = Borrowed(settings["environment"])
    network = {"hidden_sizes": settings["hidden"]}
    log_directory = tempfile.TemporaryDirectory(prefix="omnisafe-")  # removed when the process ends
    agent = omnisafe.Agent(
        "SACLag",
        TASK,
        custom_cfgs={
            "seed": settings["seed"],
            "train_cfgs": {"torch_threads": 1, "total_steps": settings["steps"]},
            "algo_cfgs": {
                "steps_per_epoch": settings["every"],
                "start_learning_steps": settings["random_steps"],
                "batch_size": settings["batch"],
                "warmup_epochs": settings["warmup"] // settings["every"],
            },
            "lagrange_cfgs": {"cost_limit": settings["cost_limit"]},
            "logger_cfgs": {"use_wandb": False, "use_tensorboard": False, "log_dir": log_directory.name},
            "model_cfgs": {"actor": network, "critic": network},
        },
    ).agent
    started, spent, epoch = time.monotonic(), 0.0, 0

    def evaluate(**_: Any) -> None:
        nonlocal spent, epoch
        begun, epoch = time.monotonic(), epoch + 1
        found = [_episode(algorithm, evaluated, FIRST_EVALUATION_SEED + number) for number in range(settings["episodes"])]
        episode_return, cost = np.mean(found, axis=0).tolist()
        seconds = begun - started - spent
        row = {"steps": epoch * settings["every"], "seconds": seconds, "episode_return": episode_return, "cost": cost}
        print(json.dumps(row), file=answers)
        # OmniSafe's table wants these.
        for name, value in {"Metrics/TestEpRet": episode_return, "Metrics/TestEpCost": cost, "Metrics/TestEpLen": 1.0}.items():
            algorithm.logger.store({name: value})
        spent += time.monotonic() - begun

    algorithm = agent
    algorithm._env.eval_policy = evaluate  # noqa: SLF001  it offers no public way to look on
    algorithm.learn()


def _episode(algorithm: Any, environment: Borrowed, seed: int) -> tuple[float, float]:
    """Return return and cost of an episode with deterministic actions."""
    observation, total, cost, is_end = environment.reset(seed), 0.0, 0.0, False
    while not is_end:
        with torch.no_grad():
            action = algorithm._actor_critic.step(torch.from_numpy(observation), deterministic=True)  # noqa: SLF001
        observation, reward, paid, is_end = environment.step(action.cpu().numpy())
        total, cost = total + reward, cost + paid
    return total, cost


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
