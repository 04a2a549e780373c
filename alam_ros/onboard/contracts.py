"""Which contract a node works by: the policy's, or this robot's own variant of it."""

from __future__ import annotations

from alam_ros.contract import Contract
from alam_ros.errors import ConfigurationError, ContractError
from alam_ros.runtime import PolicyRuntime


def load_policy(path: str) -> PolicyRuntime:
    """Load the policy that a node's parameter `policy` names.

    Raises:
        ConfigurationError: when none is named.
        PolicyFileError: when it is not an intact policy file.
    """
    if not path:
        raise ConfigurationError("the parameter `policy`", "an empty path", "give the path of a policy file")
    return PolicyRuntime.load(path)


def robot_contract(trained: Contract, path: str) -> Contract:
    """Return the robot's own contract, if one is given and the policy can work with it.

    Raises:
        ContractError: when it describes something else than the policy was trained on.
    """
    if not path:
        return trained
    contract = Contract.load(path)
    differences = trained.differences(contract)
    if differences:
        raise ContractError(
            f"{path} to describe what the policy was trained on", "; ".join(differences), "correct it or train anew"
        )
    return contract
