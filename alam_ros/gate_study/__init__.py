"""What the gate does to a commander, in the simulator the policy was trained in and without ROS."""
