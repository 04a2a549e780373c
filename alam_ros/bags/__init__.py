"""Recorded drives, read and written without ROS. Needs the package `rosbags` (`pip install 'alam_ros[bags]'`)."""
