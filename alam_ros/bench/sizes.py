"""What a learner is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alam_ros.bench.interleaved import Work


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """A null task, networks and batch, and how often the learner steps what.

    Attributes:
        observation, action: elements.
        hidden: sizes of the hidden layers of every network.
        batch: transitions an update.
        actor_delay, multiplier_delay: updates between steps of the actor and of the multiplier.
        transitions: kept in the replay.
    """

    observation: int = 60
    action: int = 2
    hidden: tuple[int, ...] = (256, 256)
    batch: int = 256
    actor_delay: int = 2
    multiplier_delay: int = 5
    transitions: int = 10_000

    def ours(self, member: str) -> Work:
        """Return the update of a member of our family."""
        delays = {"actor_delay": self.actor_delay, "multiplier_delay": self.multiplier_delay}
        return Work("alam_update", {"member": member, **self._task(), **delays})

    def products(self, member: str) -> Work:
        """Return the products of a cycle of such updates, each kind alone."""
        return Work("update_products", self.ours(member).settings)

    def sequence(self, member: str) -> Work:
        """Return the products of a cycle of such updates in their order, on their own operands."""
        return Work("update_sequence", self.ours(member).settings)

    def stable_baselines3(self, python: Path) -> Work:
        """Return the update of Stable-Baselines3's SAC, whose actor is stepped every time."""
        return Work("sb3_sac", self._task(), python)

    def omnisafe(self, python: Path) -> Work:
        """Return the update of OmniSafe's SACLag."""
        return Work("omnisafe_sac_lag", {**self._task(), "actor_delay": self.actor_delay}, python)

    def product(self) -> Work:
        """Return the matrix product that most of the update consists of."""
        return Work("matrix_product", {"batch": self.batch, "width": self.hidden[0]})

    def _task(self) -> Mapping[str, Any]:
        names = ("observation", "action", "hidden", "batch", "transitions")
        return {name: getattr(self, name) for name in names}
