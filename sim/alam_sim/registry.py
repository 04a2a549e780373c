"""Registration of every environment of this package, done by importing `alam_sim`."""

from __future__ import annotations

from alam_sim import arm_reach, bullet_safety_gym, navigation, safety_gym


def register_all() -> None:
    """Register the environments with Gymnasium; nothing heavy is imported before one is made."""
    arm_reach.register()
    navigation.register()
    safety_gym.register()
    bullet_safety_gym.register()
