"""The robot's nodes in closed loop with the simulator they were trained in."""

from launch import LaunchDescription
from launch.actions import GroupAction
from launch_ros.actions import SetRemap

from alam_ros.launching import declare_arguments, include, node, shipped_policy


def generate_launch_description() -> LaunchDescription:
    """Start the simulator beside all that drives a robot, with the policy that comes with the package unless another is named.

    Its clock is in the namespace, too: the simulators of two robots have two clocks.
    """
    arguments = declare_arguments("simulation.yaml", policy=shipped_policy("navigation.alam"), use_sim_time="true")
    nodes = GroupAction([SetRemap("/clock", "clock"), node("simulator"), include("robot.launch.py")])
    return LaunchDescription([*arguments, nodes])
