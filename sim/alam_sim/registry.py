"""Registration of every environment of this package, done by importing `alam_sim`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alam_sim import arm_reach, bullet_safety_gym, navigation, safety_gym


def register_all() -> None:
    """Register the environments with Gymnasium; nothing heavy is imported before one is made."""
    arm_reach.register()
    navigation.register()
    safety_gym.register()
    bullet_safety_gym.register()


def learning_arguments(environment_id: str) -> Mapping[str, Any]:
    """Return the constructor arguments with which a policy learns best, where they are not the default ones.

    Args:
        environment_id: of any environment; there are none for those of other packages.
    """
    return safety_gym.learning_arguments(environment_id.removeprefix("alam/"))
