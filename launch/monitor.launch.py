"""The safety monitor alone, in front of any commander."""

from launch import LaunchDescription

from alam_ros.launching import declare_arguments, end_everything, lifecycle_node, optional_node


def generate_launch_description() -> LaunchDescription:
    """Start the safety monitor; without it nothing else may run."""
    monitor = lifecycle_node("safety_monitor", on_exit=end_everything)
    return LaunchDescription([*declare_arguments("monitor.yaml", policy=""), *monitor, optional_node("markers")])
