"""Recorded drives, read and written without ROS. Needs the package `rosbags` (the extra `bags`)."""
