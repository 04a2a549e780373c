"""Are the packages a simulator needs installed, in versions that work?"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement

from alam_ros.errors import SimulatorError


def require(requirements: Iterable[str], *, remedy: str) -> dict[str, str]:
    """Return the installed version of each package.

    Args:
        requirements: as pip takes them (PEP 508), e.g. `mujoco>=3.3`.
        remedy: the command that installs them.

    Raises:
        SimulatorError: when one is absent or of a version that does not work; the message ends with `remedy`.
    """
    return {requirement.name: _installed(requirement, remedy) for requirement in map(Requirement, requirements)}


def _installed(requirement: Requirement, remedy: str) -> str:
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        raise SimulatorError(str(requirement), "that it is not installed", remedy) from None
    if not requirement.specifier.contains(found, prereleases=True):
        raise SimulatorError(str(requirement), f"{requirement.name} {found}", remedy)
    return found
