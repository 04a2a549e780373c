"""The safety monitor alone, in front of any commander."""

from launch import LaunchDescription
from launch.actions import Shutdown

from alam_ros.launching import declare_arguments, lifecycle_node, optional_node


def generate_launch_description() -> LaunchDescription:
    """Start the safety monitor; without it nothing else may run."""
    monitor = lifecycle_node("safety_monitor", on_exit=Shutdown(reason="the safety monitor ended"))
    return LaunchDescription([*declare_arguments("monitor.yaml", policy=""), *monitor, optional_node("markers")])
