"""What the nodes do, without ROS: they and `alam replay` run this same code. Time is always an argument."""
