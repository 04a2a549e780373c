"""The simulators, handed to the trainer, which does not know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
from gymnasium.vector import AsyncVectorEnv

from alam_ros.errors import SimulatorError


def make_environments(environment_id: str, copies: int, arguments: Mapping[str, Any]) -> AsyncVectorEnv:
    """Start `copies` environments of `alam_sim`, or of any package that registers with Gymnasium.

    Raises:
        SimulatorError: when there is no such environment, or it does not take these arguments.
    """
    from alam_sim.vector import make_vector

    try:
        return make_vector(environment_id, copies, arguments)
    except (gymnasium.error.Error, TypeError) as error:
        found = " ".join(str(error).split())
        raise SimulatorError(
            f"an environment `{environment_id}` that takes {dict(arguments)}", found, "correct `environment`"
        ) from error
