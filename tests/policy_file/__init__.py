"""Tests of alam_ros.policy_file."""
