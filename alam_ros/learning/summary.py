"""An evaluation in a dozen numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alam_ros.learning.agents import Agent
from alam_ros.learning.cost_value import cost_value_error
from alam_ros.learning.evaluation import EpisodeRecord


def summarise(records: Sequence[EpisodeRecord], agent: Agent) -> dict[str, float]:
    """Return the numbers by name; means are over episodes, those of critics and multiplier over all steps.

    Args:
        records: at least one episode of the agent.
        agent: whose threshold d, discount γ_c and certificate the critics are held against.
    """
    returns = np.array([record.episode_return for record in records])
    costs = np.array([record.episode_cost for record in records])
    cost_value = np.concatenate([record.cost_value for record in records])
    violation = np.concatenate([record.violation for record in records])
    multiplier = np.concatenate([record.multiplier for record in records])
    effective = np.concatenate([record.effective_multiplier for record in records])
    error = cost_value_error(records, agent.cost_discount, agent.certificate)
    return {
        "return_mean": float(returns.mean()),
        "return_std": float(returns.std()),
        "cost_mean": float(costs.mean()),
        "cost_std": float(costs.std()),
        "cost_free_share": float((costs == 0).mean()),
        "violation_rate": float(violation.mean()),
        "length_mean": float(np.mean([len(record) for record in records])),
        "multiplier_mean": float(multiplier.mean()),
        "multiplier_max": float(multiplier.max()),
        "effective_multiplier_mean": float(effective.mean()),
        "infeasible_share": float((cost_value > agent.threshold).mean()),
        "q_cost_mean": float(cost_value.mean()),
        "q_cost_bias": error.bias,
        "q_cost_correlation": error.correlation,
    }
