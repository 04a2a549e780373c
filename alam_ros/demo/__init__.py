"""The demonstration: train, export, evaluate, drive over ROS 2, inject faults; each stage leaves a file for the report."""
