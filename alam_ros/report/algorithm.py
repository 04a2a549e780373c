"""What was trained, in words."""

from __future__ import annotations

from alam_ros.learning.config import FAMILY, AlgorithmConfig
from alam_ros.report.material import Material

CONSTRAINTS = {
    "none": "without a constraint on cost",
    "scalar": "under a limit on the mean cost, with one multiplier for all states",
    "network": "under a limit on the cost expected from every state, with a multiplier for each",
}
"""Kind of multiplier → how its members learn."""


def what_was_learned(material: Material) -> str:
    """Return a sentence that names task, algorithm and constraint of the policy that is demonstrated."""
    if material.config is not None:
        task, name = material.config.environment.id, material.config.algorithm.name
    elif material.evaluation is not None:
        task, name = material.evaluation["environment"], material.evaluation["algorithm"]
    else:
        return "Neither a training nor an evaluation came to its end in this run."
    constraint = f", {CONSTRAINTS[FAMILY[name]['kind']]}" if name in FAMILY else ""
    return f"A policy learned {task} in simulation with {name}{constraint}."


def what_is_enforced(config: AlgorithmConfig) -> str:
    """Return a sentence that says what of the constraint was enforced, and where."""
    constraint, kind = config.constraint, config.multiplier.kind
    budget = f"The budget of {constraint.episode_cost_limit:g} an episode"
    if kind == "none":
        return f"{budget} is drawn to compare with: {config.name} knows no constraint."
    if constraint.certificate == "constraint_decay":
        limit = f"A limit of {constraint.decay_limit:g} on the discounted probability of a cost is enforced"
    else:
        limit = f"{budget} is enforced, as a limit on the discounted cost,"
    where = "in every state" if kind == "network" else "on average over states, by one multiplier for all of them"
    since = ", from the dotted vertical line on" if config.multiplier.start > 0 else ""
    return f"{limit} {where}{since}."
