"""What a command does with the machine it runs on: whole files, child processes, ROS domains of its own, a description of it."""
