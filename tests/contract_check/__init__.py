"""Tests of alam_ros.contract_check."""
