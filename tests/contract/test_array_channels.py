"""Channels that share one plain array."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.contract import ActionComponent, ActionSpec, ArraySample, Channel, Contract, ObservationAssembler
from alam_ros.errors import ContractError, ObservationError


def channel(name: str, size: int, **more: object) -> Channel:
    return Channel(name=name, topic="observation", type="std_msgs/msg/Float32MultiArray", field="data", size=size, **more)


def contract(*channels: Channel) -> Contract:
    component = ActionComponent(name="x", unit="1", low=-1.0, high=1.0)
    action = ActionSpec(topic="action", type="std_msgs/msg/Float64MultiArray", frame="", components=(component,))
    return Contract(name="arrays", control_period=0.1, trigger=channels[0].name, observation=channels, action=action)


def test_channels_take_their_parts_of_one_array_and_spread_them():
    assembler = ObservationAssembler(
        contract(
            channel("body", 2, array_size=5),
            channel("lidar", 3, first=2, array_size=5, power=2.0, range=(0.0, 1.0)),
        )
    )
    assembler.update("observation", ArraySample(np.array([7.0, -9.0, 0.0, 0.5, 1.0], np.float32)))
    np.testing.assert_allclose(assembler.advance(), [7.0, -9.0, -1.0, -0.5, 1.0])


def test_a_power_keeps_the_sign():
    assembler = ObservationAssembler(contract(channel("both_ways", 2, power=0.5)))
    assembler.update("observation", ArraySample(np.array([-4.0, 9.0], np.float32)))
    np.testing.assert_allclose(assembler.advance(), [-2.0, 3.0])


@pytest.mark.parametrize("scale", ["linear", "logarithmic"])
def test_a_range_is_of_the_values_before_they_are_raised_to_a_power(scale: str):
    assembler = ObservationAssembler(contract(channel("near", 3, power=0.5, range=(1.0, 16.0), scale=scale)))
    assembler.update("observation", ArraySample(np.array([1.0, 16.0, 25.0], np.float32)))
    np.testing.assert_allclose(assembler.advance(), [-1.0, 1.0, 1.0])
    np.testing.assert_allclose(assembler.excess()[:2], 0.0)
    assert assembler.excess()[2] > 0.0


def test_an_array_of_another_length_is_refused():
    assembler = ObservationAssembler(contract(channel("body", 2, array_size=5)))
    assembler.update("observation", ArraySample(np.zeros(6, np.float32)))
    with pytest.raises(ObservationError, match="5 elements on `observation`"):
        assembler.advance()


@pytest.mark.parametrize(("first", "array_size"), [(-1, 5), (3, 5), (1, None)])
def test_a_channel_beyond_its_array_is_refused(first: int, array_size: int | None):
    with pytest.raises(ContractError, match="a channel within its array"):
        channel("lidar", 3, first=first, array_size=array_size)


@pytest.mark.parametrize("power", [0.0, -1.0, float("nan")])
def test_a_power_that_is_not_above_zero_is_refused(power: float):
    with pytest.raises(ContractError, match="power"):
        channel("lidar", 3, power=power)
