"""Tests over real ROS: nodes in processes of their own."""
