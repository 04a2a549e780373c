"""The typed configuration of a training run; `config/train/*.yaml` are its instances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from alam_ros.errors import ConfigurationError
from alam_ros.learning.ranges import (
    ABOVE_ZERO,
    AVERAGING,
    BELOW_ONE,
    FINITE,
    FINITE_FROM_ONE,
    FROM_ONE,
    FROM_ZERO,
    FROM_ZERO_BELOW_ONE,
    POSITIVE,
    SEED,
    SHARE,
    check_ranges,
)
from alam_ros.typed import from_mapping

FAMILY: Mapping[str, Mapping[str, Any]] = {
    "sac": {"kind": "none"},
    # One λ for all states, dual ascent on the critics' estimate (Ha et al. 2020) or on the episodes' cost (Ray et al. 2019).
    "sac_lag": {"kind": "scalar", "rule": "dual_ascent", "penalise": False, "maximum": 1000.0, "learning_rate": 1e-2},
    "sac_lag_episode": {
        "kind": "scalar",
        "rule": "dual_ascent",
        "signal": "episode_cost",
        "penalise": False,
        "maximum": 1000.0,
        "learning_rate": 1e-4,
    },
    # PID control of one λ by the episodes' cost (Stooke et al. 2020).
    "sac_pid": {
        "kind": "scalar",
        "rule": "pid",
        "signal": "episode_cost",
        "penalise": False,
        "maximum": 1000.0,
        "proportional_gain": 0.5,
        "integral_gain": 1e-3,
        "derivative_gain": 0.5,
    },
    # One λ and the augmented Lagrangian (Wu et al. 2024).
    "cal": {"kind": "scalar", "rule": "dual_ascent", "maximum": 1000.0, "learning_rate": 1e-2},
    # λ(s) by dual ascent, no penalty (Ma et al. 2021).
    "fac": {
        "kind": "network",
        "rule": "dual_ascent",
        "penalise": False,
        "averaging": 1.0,
        "maximum": 1000.0,
        "learning_rate": 1e-5,
    },
    "sac_alam": {"kind": "network"},
}
"""The members of the SAC family (alam.md §6): what sets each one's `algorithm.multiplier` apart from the defaults.

Rates and gains come from a sweep on two tasks (config/study/sweep.yaml; docs/journal.md says what it gave).
"""


@dataclass(frozen=True, kw_only=True)
class EnvironmentConfig:
    """Which task, and how many copies of it collect in parallel.

    Attributes:
        id: of a registered Gymnasium environment.
        arguments: passed to its constructor.
        copies: environments stepped together, in as many processes as there are cores.
    """

    id: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    copies: int = 8

    def __post_init__(self) -> None:
        """Refuse an empty vector of environments."""
        if self.copies < 1:
            raise ConfigurationError("`environment.copies` of at least 1", str(self.copies), "correct it")


@dataclass(frozen=True, kw_only=True)
class ConstraintConfig:
    """What counts as safe enough: V_c(s) ≤ d in every state where that is achievable (alam.md §2).

    Attributes:
        certificate: what the cost critics learn. "cost_value": the discounted sum of costs; "constraint_decay": the discounted
            probability that a cost will ever occur, for constraints that must hold always.
        episode_cost_limit: budget D over `episode_steps` T, both in steps of the benchmark, also where an action is held for
            several of them. It is kept as a rate, D/T violations a step: where `info["violation"]` is not the cost, it counts the
            former, and an episode that ends early may spend less.
        margin: share of the budget that learning does not spend: d = (1 - margin) (D/T) (1 - γ_c^T) / (1 - γ_c). A multiplier in
            equilibrium spends all of d, and of policies that meet a budget on average, half exceed it.
        decay_limit: d of constraint decay.
        cost_horizon: how far ahead a cost counts, s: γ_c = 1 - control period / horizon. A robot that can stop within it has time
            to avoid what it foresees.
        cost_discount: γ_c itself, instead of the horizon.
        adaptation: how fast d follows the measured cost (`Threshold`); 0 keeps the computed d, as does constraint decay.
        adaptation_range: d stays within this factor of the computed one, either way.
        adaptation_trust: share of its full rate at which d rises where nothing is spent; the rate is full from a quarter of the
            target on. Below 1, d does not run away while something else keeps costs low, such as a policy yet to learn to move.
    """

    certificate: Literal["cost_value", "constraint_decay"] = "cost_value"
    episode_cost_limit: float = 10.0
    episode_steps: int = 400
    margin: float = 0.2
    decay_limit: float = 0.1
    cost_horizon: float = 1.0
    cost_discount: float | None = None
    adaptation: float = 4.0
    adaptation_range: float = 4.0
    adaptation_trust: float = 0.1

    def __post_init__(self) -> None:
        """Refuse numbers with which learning cannot work."""
        ranges = {
            "episode_cost_limit": POSITIVE,
            "episode_steps": POSITIVE,
            "decay_limit": POSITIVE,
            "cost_horizon": POSITIVE,
            "cost_discount": BELOW_ONE,
            "adaptation": FROM_ZERO,
            "adaptation_range": FROM_ONE,
            "adaptation_trust": SHARE,
        }
        check_ranges("algorithm.constraint", self, ranges)
        if not 0 <= self.margin < 1:
            raise ConfigurationError("`algorithm.constraint.margin` from 0 to below 1", str(self.margin), "correct it")

    def at(self, control_period: float) -> ConstraintConfig:
        """Return the same constraint with γ_c filled in for a control period, s.

        Raises:
            ConfigurationError: when the horizon is not longer than the control period.
        """
        if self.cost_discount is not None:
            return self
        if not control_period < self.cost_horizon:
            raise ConfigurationError(
                f"`algorithm.constraint.cost_horizon` above the control period of {control_period:g} s",
                f"{self.cost_horizon:g} s",
                "raise it",
            )
        return replace(self, cost_discount=1.0 - control_period / self.cost_horizon)

    @property
    def discount(self) -> float:
        """γ_c, once it is known.

        Raises:
            ConfigurationError: when neither it nor the control period was given.
        """
        if self.cost_discount is None:
            expected = "`algorithm.constraint.cost_discount`, or `at` called with the control period"
            raise ConfigurationError(expected, "neither", "do one")
        return self.cost_discount

    @property
    def threshold(self) -> float:
        """The value d that the certificate may have in a state; learning moves it (`Threshold`)."""
        if self.certificate == "constraint_decay":
            return self.decay_limit
        steps = self.episode_steps
        return self.target_episode_cost / steps * (1 - self.discount**steps) / (1 - self.discount)

    @property
    def target_episode_cost(self) -> float:
        """The episode cost that learning aims at: the budget less the margin."""
        return self.episode_cost_limit * (1 - self.margin)

    def spent(self, violation_rate: float) -> float:
        """Return what `episode_steps` steps spend of the budget at a mean violation a step."""
        return violation_rate * self.episode_steps

    @property
    def largest_value(self) -> float:
        """The largest value the certificate can have."""
        return 1.0 if self.certificate == "constraint_decay" else 1.0 / (1.0 - self.discount)


class GapLimits(NamedTuple):
    """Clips of a state's gap G, in the unit of Q_c; infinite where there are none. They stay when d moves.

    Attributes:
        lowest: the least G in the actor.
        seen: the most that m sees of it.
        dual: the most by which it may move a multiplier, either way.
    """

    lowest: float
    seen: float
    dual: float


@dataclass(frozen=True, kw_only=True)
class MultiplierConfig:
    """The multiplier: one number or a network, and how it follows the constraint (alam.md §4.3 and §6).

    Attributes:
        kind: "none" switches the constraint off; "scalar" is one λ for all states; "network" is λ(s).
        rule: what moves it. For a network, "averaged_target": ALaM's regression toward the dual target built from λ̄;
            "online_target": the same built from the trained network; "dual_ascent": the gradient of the Lagrangian. For a scalar,
            "dual_ascent", or "pid" (Stooke et al. 2020).
        signal: what a scalar follows: "cost_value", the batch mean of Q_c - d; "episode_cost", what an episode costs at the
            measured cost of a step (`Threshold`), as a share of the budget beyond it.
        penalise: whether the actor's objective has the quadratic penalty; without, ρ is only the step of the dual target.
        penalty: ρ of the quadratic penalty.
        maximum: λ is clipped to [0, λ_max], which is this at first and rises where it does not keep the budget (decision 21). In
            states from which no action is safe enough λ rises until it meets it: it is what a cost is worth there, in the
            learner's units of reward (decision 16).
        learning_rate: of the regression or the dual ascent; a network's is Adam's, a scalar's multiplies the error itself.
        proportional_gain, integral_gain, derivative_gain: of "pid", λ = [K_P e + ∫ K_I e + K_D [e - ē]_+]_+ with e in shares of
            the budget, ē its average over the latest thousand updates or so; K_I counts once an update.
        averaging: τ_λ of the EMA copy λ̄, which the actor feels, per multiplier update; 1 makes it the trained network itself.
        delay: gradient steps between multiplier updates.
        start: share of the training budget before which the multiplier rests and the penalty is zero.
        ramp: share of the training budget over which the penalty then rises to ρ.
        effective_maximum: how far the penalty may raise m = [λ + ρ G]_+, which the actor feels: quadratic in G up to there, it is
            linear beyond (decision 17). None for no limit.
        gap_low, gap_high: where nothing but a penalty of each state's own G = Q_c - d is felt, G is at least -gap_low · d₀ in the
            actor; what m sees of it is at most gap_high · d₀. d₀ is the computed d (`ConstraintConfig.threshold`), which stays
            when d moves.
        dual_gap: in the dual target, G, clipped as in the actor, is clipped to ± dual_gap · d₀ as well, so that λ falls as fast
            as it rises where `gap_low` is not less; a scalar's is clipped as the mean that it is.
    """

    kind: Literal["none", "scalar", "network"] = "network"
    rule: Literal["averaged_target", "online_target", "dual_ascent", "pid"] = "averaged_target"
    signal: Literal["cost_value", "episode_cost"] = "cost_value"
    penalise: bool = True
    penalty: float = 1.0
    maximum: float = 2.0
    learning_rate: float = 3e-4
    proportional_gain: float = 0.5
    integral_gain: float = 1e-3
    derivative_gain: float = 0.5
    averaging: float = 0.05
    delay: int = 4
    start: float = 0.25
    ramp: float = 0.15
    effective_maximum: float | None = 3.0
    gap_low: float = 1.0
    gap_high: float = 20.0
    dual_gap: float = 1.0

    def __post_init__(self) -> None:
        """Refuse combinations without a meaning, and shares that are none."""
        ranges = {
            "penalty": FROM_ZERO,
            "maximum": POSITIVE,
            "learning_rate": POSITIVE,
            "proportional_gain": FROM_ZERO,
            "integral_gain": FROM_ZERO,
            "derivative_gain": FROM_ZERO,
            "averaging": AVERAGING,
            "delay": FROM_ONE,
            "start": SHARE,
            "ramp": SHARE,
            "effective_maximum": POSITIVE,
            "gap_low": FROM_ZERO,
            "gap_high": FROM_ZERO,
            "dual_gap": ABOVE_ZERO,
        }
        check_ranges("algorithm.multiplier", self, ranges)
        rules = {"scalar": ("dual_ascent", "pid"), "network": ("averaged_target", "online_target", "dual_ascent")}
        if self.kind != "none" and self.rule not in rules[self.kind]:
            raise ConfigurationError(
                f"`multiplier.rule` for a {self.kind} to be one of {', '.join(rules[self.kind])}", self.rule, "choose one of them"
            )
        if self.kind == "network" and self.signal != "cost_value":
            raise ConfigurationError(
                "`multiplier.signal: cost_value` for a network: each state has its own", self.signal, "leave it out"
            )


@dataclass(frozen=True, kw_only=True)
class AlgorithmConfig:
    """One member of the SAC family; `sac` is `sac_alam` without a multiplier, nothing else.

    Attributes:
        name: the member. `training_config` fills in what `FAMILY` says of it; the numbers that act are those below.
        hidden: sizes of the hidden layers of every network.
        discount: γ of the reward.
        critic_learning_rate, actor_learning_rate, temperature_learning_rate: of Adam.
        target_averaging, cost_target_averaging: τ of the target critics, per gradient step.
        initial_temperature: α at the start.
        entropy_target, final_entropy_target: for each element of the action, in the units of [-1, 1], at the beginning and at the
            end of training, linear in between. Haarnoja et al. 2018 keep -1; what is shipped is the mean action, and less noise
            toward the end lets the critics see where that leads.
        actor_delay: gradient steps between updates of actor and temperature.
        cost_critic_delay: gradient steps between updates of the cost critics of a member without a multiplier. Not its policy
            depends on them, only the risk that is exported with it; every other member steps them each time.
        actor_averaging: τ of the averaged actor, per actor update; 1 makes it the trained one. The average is evaluated and
            exported: at the border of the constraint one gradient step more or less decides whether a policy keeps its budget.
        gradient_norm: gradients of critics and actor are clipped to it.
        cost_bootstrap, cost_pessimism: how the twin cost critics are combined in their own targets, and in the actor and the
            multiplier.
        reward_scale: rewards are divided by their measured root mean square over this; None leaves them as they are.
        normalise_observations: whether the networks see observations less their measured mean, divided by their measured
            standard deviation. A policy file has this folded into its first layers.
    """

    name: str = "sac_alam"
    hidden: tuple[int, ...] = (128, 128)
    discount: float = 0.99
    critic_learning_rate: float = 1e-3
    actor_learning_rate: float = 5e-4
    temperature_learning_rate: float = 1e-3
    target_averaging: float = 0.01
    cost_target_averaging: float = 0.01
    initial_temperature: float = 0.2
    entropy_target: float = -1.0
    final_entropy_target: float = -3.0
    actor_delay: int = 2
    cost_critic_delay: int = 2
    actor_averaging: float = 1e-3
    gradient_norm: float = 40.0
    cost_bootstrap: Literal["mean", "max", "min"] = "mean"
    cost_pessimism: Literal["mean", "max", "min"] = "max"
    reward_scale: float | None = 0.3
    normalise_observations: bool = True
    constraint: ConstraintConfig = field(default_factory=ConstraintConfig)
    multiplier: MultiplierConfig = field(default_factory=MultiplierConfig)

    def __post_init__(self) -> None:
        """Refuse numbers with which learning cannot work."""
        self._check_numbers()
        if self.name not in FAMILY:
            raise ConfigurationError(f"`algorithm.name` to be one of {', '.join(FAMILY)}", repr(self.name), "choose one of them")
        if self.multiplier.kind != FAMILY[self.name]["kind"]:
            raise ConfigurationError(
                f"`multiplier.kind: {FAMILY[self.name]['kind']}` for `{self.name}`", self.multiplier.kind, "leave it out"
            )

    def _check_numbers(self) -> None:
        ranges = {
            "discount": BELOW_ONE,
            "critic_learning_rate": POSITIVE,
            "actor_learning_rate": POSITIVE,
            "temperature_learning_rate": POSITIVE,
            "target_averaging": AVERAGING,
            "cost_target_averaging": AVERAGING,
            "initial_temperature": POSITIVE,
            "entropy_target": FINITE,
            "final_entropy_target": FINITE,
            "actor_delay": FROM_ONE,
            "cost_critic_delay": FROM_ONE,
            "actor_averaging": AVERAGING,
            "gradient_norm": ABOVE_ZERO,
            "reward_scale": POSITIVE,
        }
        check_ranges("algorithm", self, ranges)
        if not self.hidden or min(self.hidden) < 1:
            raise ConfigurationError(
                "`algorithm.hidden` with the size of one layer or more", str(list(self.hidden)), "correct it"
            )

    @property
    def gap_limits(self) -> GapLimits:
        """How each state's own gap is clipped; not at all where only the mean over states counts, for costs are rare."""
        config, d = self.multiplier, self.constraint.threshold
        is_network, has_penalty = config.kind == "network", config.kind == "network" and config.penalise
        return GapLimits(
            lowest=-config.gap_low * d if has_penalty else -math.inf,
            seen=config.gap_high * d if has_penalty else math.inf,
            dual=config.dual_gap * d if is_network else math.inf,
        )

    @property
    def cost_critic_period(self) -> int:
        """Gradient steps between updates of the cost critics of this member."""
        return self.cost_critic_delay if self.multiplier.kind == "none" else 1


@dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    """Budget and rhythm of a run.

    Attributes:
        seed: of everything random.
        steps: environment steps in all.
        wall_clock_limit_s: after which the run ends with an evaluation although steps are left, s over all sessions; None for no
            limit.
        random_steps: steps with uniformly random actions before learning starts.
        batch_size: transitions a gradient step.
        exported_share: share of the environment's copies, their number rounded down (of eight one, of fewer none), that act
            without noise, by the averaged actor, as the exported policy will, from when the constraint is in force (decision 26).
            What they meet is learned from like the rest.
        updates_per_step: gradient steps for each environment step.
        replay_capacity: transitions kept.
        replay_recency: k: how many of them are newer than a transition drawn is U^k of all, U uniform on [0, 1). With 3, half of
            what is drawn is among the newest eighth, so that learning is about the states that the policy of now visits; 1 draws
            all alike.
        log_every, evaluate_every, checkpoint_every: environment steps.
        evaluation_episodes: at each evaluation.
        directory: of checkpoints, TensorBoard scalars and the exported policy.
    """

    seed: int = 0
    steps: int = 100_000
    wall_clock_limit_s: float | None = None
    random_steps: int = 2_000
    exported_share: float = 0.125
    batch_size: int = 128
    updates_per_step: float = 1.0
    replay_capacity: int = 300_000
    replay_recency: float = 3.0
    log_every: int = 1_000
    evaluate_every: int = 10_000
    evaluation_episodes: int = 8
    checkpoint_every: int = 10_000
    directory: str = "runs/default"

    def __post_init__(self) -> None:
        """Refuse numbers with which the loop cannot run."""
        counts = {name: FROM_ONE for name, value in vars(self).items() if type(value) is int}
        others = {
            "seed": SEED,
            "exported_share": FROM_ZERO_BELOW_ONE,
            "updates_per_step": FROM_ZERO,
            "replay_recency": FINITE_FROM_ONE,
            "wall_clock_limit_s": ABOVE_ZERO,
        }
        check_ranges("trainer", self, counts | others)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything that defines a run; `training_config` builds it from a mapping."""

    environment: EnvironmentConfig
    algorithm: AlgorithmConfig = field(default_factory=AlgorithmConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)

    @property
    def exported_copies(self) -> int:
        """How many copies of the environment act as the exported policy will, once the constraint is in force."""
        return int(self.environment.copies * self.trainer.exported_share)

    def at(self, control_period: float) -> TrainingConfig:
        """Return the same configuration with what depends on the control period, s, filled in."""
        return replace(self, algorithm=replace(self.algorithm, constraint=self.algorithm.constraint.at(control_period)))


def training_config(mapping: object) -> TrainingConfig:
    """Build a training configuration; where the mapping is silent, what `FAMILY` says of its member stands.

    Args:
        mapping: as read from YAML or JSON; `algorithm.name` selects the member, `sac_alam` where it is left out.

    Raises:
        ConfigurationError: for an unknown member, and for whatever `from_mapping` refuses.
    """
    algorithm = mapping.get("algorithm") if isinstance(mapping, Mapping) else None
    if isinstance(mapping, Mapping) and isinstance(algorithm, Mapping):
        multiplier = algorithm.get("multiplier", {})
        if isinstance(multiplier, Mapping):
            member = FAMILY.get(str(algorithm.get("name")), {})
            mapping = {**mapping, "algorithm": {**algorithm, "multiplier": {**member, **multiplier}}}
    return from_mapping(TrainingConfig, mapping)
