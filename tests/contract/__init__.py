"""Tests of alam_ros.contract."""
