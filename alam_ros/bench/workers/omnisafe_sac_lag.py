"""OmniSafe's SACLag as it ships: two reward critics, one cost critic, the actor stepped every second time, fixed temperature."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Any, ClassVar

import gymnasium
import numpy as np
import torch

# OmniSafe imports Safety-Gymnasium, whose package body fails beside today's Python and Gymnasium. The null task needs none of it.
sys.modules.setdefault("safety_gymnasium", ModuleType("safety_gymnasium"))

import omnisafe  # noqa: E402
from omnisafe.envs.core import CMDP, env_register  # noqa: E402

TASK = "Null-v0"
EPISODE_STEPS = 100
LOG_DIRECTORY = tempfile.TemporaryDirectory(prefix="omnisafe-")  # removed when the process ends


class NullTask(CMDP):  # type: ignore[misc]  # the package has no type information
    """Noise as observations and rewards; the sizes are set before it is made."""

    need_auto_reset_wrapper = True
    need_time_limit_wrapper = False
    sizes: ClassVar[tuple[int, int]] = (1, 1)
    _support_envs: ClassVar[list[str]] = [TASK]

    def __init__(self, env_id: str, num_envs: int = 1, **_: Any) -> None:
        self._num_envs, self._steps = num_envs, 0
        observation, action = self.sizes
        self._observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (observation,), np.float32)
        self._action_space = gymnasium.spaces.Box(-1.0, 1.0, (action,), np.float32)

    def set_seed(self, seed: int) -> None:
        """Seed the noise."""
        torch.manual_seed(seed)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[torch.Tensor, dict[str, Any]]:
        """Start an episode."""
        self._steps = 0
        return torch.randn(self.sizes[0]), {}

    def step(self, action: torch.Tensor) -> tuple[Any, ...]:
        """Return observation, reward, cost, terminated, truncated, info."""
        self._steps += 1
        cost = (torch.rand(()) < 0.1).float()
        ended = torch.tensor(self._steps == EPISODE_STEPS)
        observation = torch.randn(self.sizes[0])
        return observation, torch.randn(()), cost, torch.tensor(False), ended, {"final_observation": observation}

    def render(self) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Release nothing."""


def make(
    *, observation: int, action: int, hidden: Sequence[int], batch: int, transitions: int, actor_delay: int
) -> tuple[Callable[[int], None], dict[str, Any]]:
    """Return its update, its replay filled by random actions, and the versions of its packages."""
    NullTask.sizes = observation, action
    env_register(NullTask)
    network = {"hidden_sizes": list(hidden)}
    settings = {
        "seed": 0,
        "train_cfgs": {"torch_threads": 1, "total_steps": transitions},
        "algo_cfgs": {
            "steps_per_epoch": transitions,
            "size": transitions,
            "batch_size": batch,
            "policy_delay": actor_delay,
        },
        "logger_cfgs": {"use_wandb": False, "use_tensorboard": False, "log_dir": LOG_DIRECTORY.name},
        "model_cfgs": {"actor": network, "critic": network},
    }
    algorithm = omnisafe.Agent("SACLag", TASK, custom_cfgs=settings).agent
    algorithm._env.rollout(  # noqa: SLF001  the package offers no public step of learning
        rollout_step=transitions,
        agent=algorithm._actor_critic,  # noqa: SLF001
        buffer=algorithm._buf,  # noqa: SLF001
        logger=algorithm.logger,
        use_rand_action=True,
    )

    def work(count: int) -> None:
        for _ in range(count):
            algorithm._update()  # noqa: SLF001

    return work, {"versions": {name: version(name) for name in ("omnisafe", "torch")}}
