"""The navigation task with a contract whose action is a plain Twist: `twist_navigation:TwistNavigation-v0` to Gymnasium."""

from __future__ import annotations

from dataclasses import replace

import gymnasium

from alam_ros.contract import Contract
from alam_ros.resources import config_path

SHIPPED = Contract.load(config_path("contracts/navigation.yaml"))
CONTRACT = replace(SHIPPED, action=replace(SHIPPED.action, type="geometry_msgs/msg/Twist"))

gymnasium.register(
    id="TwistNavigation-v0",
    entry_point="alam_sim.navigation.environment:NavigationEnv",
    kwargs={"contract": CONTRACT},
    max_episode_steps=400,
)
