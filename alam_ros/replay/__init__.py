"""Looks back at a recorded drive through the code the robot runs, without ROS: docs/replay.md."""
