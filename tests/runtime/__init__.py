"""Tests of alam_ros.runtime."""
