"""Learning that diverged: a network with a parameter that is not finite stays so, whatever it learns afterwards."""

from __future__ import annotations

from alam_ros.errors import AlamError
from alam_ros.learning.learner import Learner
from alam_ros.learning.multiplier import StateMultiplier


class DivergenceError(AlamError):
    """Networks, or the actions they choose, are not finite."""


def require_finite_networks(learner: Learner, remedy: str) -> None:
    """Refuse networks that diverged: what is collected, evaluated and exported comes from these.

    Args:
        learner: as it is now.
        remedy: what the reader should do.

    Raises:
        DivergenceError: when a parameter of the actors, the critics or the averaged multiplier is not finite.
    """
    networks = {"actor": learner.actor, "averaged actor": learner.average_actor, "critics": learner.critics}
    if isinstance(learner.multiplier, StateMultiplier):
        networks["multiplier"] = learner.multiplier.average
    diverged = [
        name for name, network in networks.items() if not all(parameter.isfinite().all() for parameter in network.parameters())
    ]
    if diverged:
        found = f"NaN or infinity in {', '.join(diverged)} after {learner.updates:,} updates: learning diverged"
        raise DivergenceError("finite networks", found, remedy)
