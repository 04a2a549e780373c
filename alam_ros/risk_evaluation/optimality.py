"""How far a policy and its multiplier are from the KKT conditions of alam.md §3 on a fixed set of states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.agents import Agent
from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.probe import PROBE_STATES

Array = NDArray[np.float32]


@dataclass(frozen=True)
class KktResiduals:
    """Means over the probe states, with G = Q_c(s, π(s)) - d; each is 0 at a KKT point.

    Attributes:
        states: how many.
        complementary_slackness: E|λ G|: a multiplier only where the constraint binds.
        natural: E|λ - [λ + G]_+|: 0 exactly where λ ≥ 0, G ≤ 0 and λ G = 0 hold together.
        primal: E[G]_+: the constraint itself.
        infeasible_share: share of states with G > 0.
    """

    states: int
    complementary_slackness: float
    natural: float
    primal: float
    infeasible_share: float


def kkt_residuals(agent: Agent, observation: Array) -> KktResiduals:
    """Measure them with the agent's deterministic actions.

    Args:
        agent: with its multiplier λ̄ and cost critics.
        observation: (n, observation_size).
    """
    assessment = agent.assess(observation, agent.act(observation))
    multiplier = assessment.multiplier.astype(np.float64)
    gap = assessment.cost_value.astype(np.float64) - agent.threshold
    return KktResiduals(
        states=len(gap),
        complementary_slackness=float(np.abs(multiplier * gap).mean()),
        natural=float(np.abs(multiplier - np.maximum(multiplier + gap, 0.0)).mean()),
        primal=float(np.maximum(gap, 0.0).mean()),
        infeasible_share=float((gap > 0).mean()),
    )


def probe_states(records: Sequence[EpisodeRecord], count: int = PROBE_STATES, seed: int = 0) -> Array:
    """Draw different states from episodes, (count, observation_size), or all of them where there are fewer.

    The same episodes and seed give the same states, so that a policy file can be probed as a run is.
    """
    observation = np.concatenate([record.observation for record in records])
    picks = np.random.default_rng(seed).choice(len(observation), min(count, len(observation)), replace=False)
    return observation[np.sort(picks)]
