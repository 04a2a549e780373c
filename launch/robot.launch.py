"""A trained policy drives the robot, every command through the safety monitor."""

from launch import LaunchDescription

from alam_ros.launching import declare_arguments, include, lifecycle_node


def generate_launch_description() -> LaunchDescription:
    """Start the safety monitor, then the policy."""
    arguments = declare_arguments("robot.yaml", policy=None)
    return LaunchDescription([*arguments, include("monitor.launch.py"), *lifecycle_node("policy")])
