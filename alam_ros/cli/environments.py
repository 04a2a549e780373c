"""The simulators, handed to the trainer, which does not know them."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import gymnasium
from gymnasium.vector import AsyncVectorEnv

from alam_ros.errors import AlamError, SimulatorError
from alam_ros.learning.config import EnvironmentConfig
from alam_ros.learning.stepper import OWN_SIMULATOR


def make_environments(environment_id: str, copies: int, arguments: Mapping[str, Any]) -> AsyncVectorEnv:
    """Start `copies` environments of `alam_sim`, or of any package that registers with Gymnasium.

    Raises:
        SimulatorError: when there is no such environment, it does not take these arguments or fails with them, or its processes
            do not start.
    """
    from alam_sim.vector import make_vector

    try:
        return make_vector(environment_id, copies, arguments)
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        found = " ".join(str(error).split())
        raise SimulatorError(
            f"an environment `{environment_id}` that takes {dict(arguments)}",
            found,
            "correct `environment`; `module:Name-v0` needs the module on the Python path",
        ) from error
    except (EOFError, OSError) as error:
        found = f"one that ended while it began ({type(error).__name__}; its own words are above)"
        remedy = "import it by its id, `module:Name-v0`, for each process makes its own"
        raise SimulatorError(f"processes of `{environment_id}`", found, remedy) from error
    except AlamError:
        raise
    except Exception as error:  # whatever a simulator of one's own raises
        traceback.print_exc()
        found = f"{type(error).__name__}: {' '.join(str(error).split())}"
        remedy = f"correct it ({OWN_SIMULATOR}); the log above says where"
        raise SimulatorError(f"an environment `{environment_id}` that can be made", found, remedy) from error


def episode_limit(environment: EnvironmentConfig) -> int | None:
    """Return the steps after which an environment that has been made ends an episode; None where it says none."""
    try:
        spec = gymnasium.spec(environment.id.rpartition(":")[2])
    except gymnasium.error.Error:
        return None
    given: int | None = environment.arguments.get("max_episode_steps", spec.max_episode_steps)
    return given


def own_safety_gymnasium_task(name: str) -> Any:
    """Return a navigation task as Safety-Gymnasium itself makes it, pictures and all.

    Raises:
        SimulatorError: when it is not installed.
    """
    from alam_sim.cast_warnings import cast_warnings_off
    from alam_sim.safety_gym.compatibility import import_module

    with cast_warnings_off():
        return import_module("builder").Builder(name, config={"agent_name": "Car" if "Car" in name else "Point"})
