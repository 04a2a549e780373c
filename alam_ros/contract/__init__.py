"""The contract: one description of observation and action for the simulator, the policy file and the robot."""

from alam_ros.contract.action import ActionCodec
from alam_ros.contract.assembler import ObservationAssembler
from alam_ros.contract.messages import decode
from alam_ros.contract.samples import (
    ArraySample,
    ImuSample,
    JointStateSample,
    LaserScanSample,
    OdometrySample,
    PointSample,
    PoseSample,
    Sample,
)
from alam_ros.contract.schema import ActionComponent, ActionSpec, Channel, Contract
from alam_ros.contract.synchroniser import ControlTick, ObservationSynchroniser

__all__ = [
    "ActionCodec",
    "ActionComponent",
    "ActionSpec",
    "ArraySample",
    "Channel",
    "Contract",
    "ControlTick",
    "ImuSample",
    "JointStateSample",
    "LaserScanSample",
    "ObservationAssembler",
    "ObservationSynchroniser",
    "OdometrySample",
    "PointSample",
    "PoseSample",
    "Sample",
    "decode",
]
