"""Of an odometry's twist a channel takes the components that its field names."""

from __future__ import annotations

import numpy as np
import pytest
from nav_msgs.msg import Odometry

from alam_ros.contract import Channel, ObservationAssembler, decode
from alam_ros.contract.schema import Contract
from alam_ros.errors import ContractError
from tests.support.policies import navigation_contract

ODOMETRY = "nav_msgs/msg/Odometry"
FIELDS = {
    "twist": [0.1, -0.6],
    "holonomic_twist": [0.1, -0.2, -0.6],
    "linear_velocity": [0.1, -0.2, 0.3],
    "angular_velocity": [-0.4, 0.5, -0.6],
}


def channel(field: str, size: int) -> Channel:
    return Channel(name="velocity", topic="odom", type=ODOMETRY, field=field, size=size)


@pytest.mark.parametrize("field", FIELDS)
def test_components_are_those_of_the_field(field: str) -> None:
    message = Odometry()
    message.header.frame_id = "odom"
    message.pose.pose.orientation.w = 1.0
    linear, angular = message.twist.twist.linear, message.twist.twist.angular
    linear.x, linear.y, linear.z = 0.1, -0.2, 0.3
    angular.x, angular.y, angular.z = -0.4, 0.5, -0.6
    contract = Contract(
        name="boat",
        control_period=0.1,
        trigger="velocity",
        observation=(channel(field, len(FIELDS[field])),),
        action=navigation_contract().action,
    )
    assembler = ObservationAssembler(contract)
    assembler.update("odom", decode(ODOMETRY, message))
    np.testing.assert_allclose(assembler.advance(), FIELDS[field], rtol=1e-6)


@pytest.mark.parametrize("field", FIELDS)
def test_another_number_of_elements_is_refused(field: str) -> None:
    with pytest.raises(ContractError, match=f"size {len(FIELDS[field])} for `{field}`; found 4"):
        channel(field, 4)
