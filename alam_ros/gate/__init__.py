"""The gate every command passes: watchdogs, risk thresholds and limits in one state machine. Time is always an argument."""

from __future__ import annotations

from alam_ros.gate.command_risk import FRACTIONS, CommandRisk
from alam_ros.gate.config import CommandLimits, GateConfig, Hysteresis, RiskThresholds
from alam_ros.gate.decision import Causes, GateDecision, GateStatus
from alam_ros.gate.gate import Gate
from alam_ros.gate.risk import Risk

__all__ = [
    "FRACTIONS",
    "Causes",
    "CommandLimits",
    "CommandRisk",
    "Gate",
    "GateConfig",
    "GateDecision",
    "GateStatus",
    "Hysteresis",
    "Risk",
    "RiskThresholds",
]
