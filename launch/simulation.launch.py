"""The robot's nodes in closed loop with the simulator they were trained in."""

from launch import LaunchDescription

from alam_ros.launching import declare_arguments, include, node, shipped_policy


def generate_launch_description() -> LaunchDescription:
    """Start the simulator beside all that drives a robot, with the policy that comes with the package unless another is named."""
    arguments = declare_arguments("simulation.yaml", policy=shipped_policy("navigation.alam"), use_sim_time="true")
    return LaunchDescription([*arguments, node("simulator"), include("robot.launch.py")])
