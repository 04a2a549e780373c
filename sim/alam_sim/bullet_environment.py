"""What the PyBullet environments have in common: a contract, a world of their own, and numbers that may be overridden."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, Contract, ObservationAssembler, Sample
from alam_ros.errors import SimulatorError
from alam_ros.resources import config_path
from alam_sim.bullet import connect

ConfigT = TypeVar("ConfigT")


class BulletEnvironment(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Observations and actions are those of the contract: simulated samples pass through the same assembler as on a robot.

    Args:
        contract: a `Contract`, or the path of its YAML; None for this package's `name`.
        name: of the contract that comes with this package.
        render_mode: None or `rgb_array`.
    """

    def __init__(self, contract: Contract | str | Path | None, name: str, render_mode: str | None) -> None:
        if not isinstance(contract, Contract):
            contract = Contract.load(contract or config_path(f"contracts/{name}.yaml"))
        self.contract = contract
        self.render_mode = render_mode
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (self.contract.observation_size,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (self.contract.action_size,), np.float32)
        self._codec = ActionCodec(self.contract.action)
        self._assembler = ObservationAssembler(self.contract)
        self._client = connect()

    def close(self) -> None:
        """Release the PyBullet world."""
        self._client.disconnect()

    def _assembled(self, samples: Mapping[str, Sample], time: float) -> NDArray[np.float32]:
        """Return the observation that the samples (by topic) taken at `time` s make."""
        for topic, sample in samples.items():
            self._assembler.update(topic, sample, stamp=time, received=time)
        return self._assembler.advance()


def configured(default: type[ConfigT], config: ConfigT | None, overrides: Mapping[str, Any]) -> ConfigT:
    """Return `config`, or the default one with single numbers overridden.

    Raises:
        SimulatorError: when both are given.
    """
    if config is not None and overrides:
        raise SimulatorError("either `config` or single numbers", f"both, with {sorted(overrides)}", "pass one of them")
    return default(**overrides) if config is None else config
