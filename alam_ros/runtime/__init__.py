"""The policy at run time, in NumPy alone: action, calibrated risk and novelty."""

from alam_ros.runtime.golden import check_golden, golden_vectors
from alam_ros.runtime.networks import PolicyNetworks
from alam_ros.runtime.policy import Judged, PolicyRuntime, Seen
from alam_ros.runtime.scores import RiskLevel, RiskLevels, RiskScores

__all__ = [
    "Judged",
    "PolicyNetworks",
    "PolicyRuntime",
    "RiskLevel",
    "RiskLevels",
    "RiskScores",
    "Seen",
    "check_golden",
    "golden_vectors",
]
