"""The typed configuration of a training run; `config/train/*.yaml` are its instances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alam_ros.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class EnvironmentConfig:
    """Which task, and how many copies of it collect in parallel.

    Attributes:
        id: of a registered Gymnasium environment.
        arguments: passed to its constructor.
        copies: environments stepped together, each in a process of its own.
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
        episode_cost_limit: budget D over `episode_steps` T; d = (D/T) (1 - γ_c^T) / (1 - γ_c).
        cost_discount: γ_c.
    """

    episode_cost_limit: float = 10.0
    episode_steps: int = 400
    cost_discount: float = 0.9

    @property
    def threshold(self) -> float:
        """The discounted cost d the budget allows from one state."""
        steps, discount = self.episode_steps, self.cost_discount
        return self.episode_cost_limit / steps * (1 - discount**steps) / (1 - discount)


@dataclass(frozen=True, kw_only=True)
class MultiplierConfig:
    """The multiplier network and its regression toward the dual target (alam.md §4.3).

    Attributes:
        rule: what the network is trained on. "averaged_target": ALaM's regression toward the dual target built from λ̄;
            "online_target": the same built from the trained network; "dual_ascent": the gradient of the Lagrangian.
        penalise: whether the actor's objective has the quadratic penalty; without, ρ is only the step of the dual target.
        penalty: ρ of the quadratic penalty.
        maximum: λ is clipped to [0, maximum].
        learning_rate: of the regression.
        averaging: τ_λ of the EMA copy λ̄, which the actor feels, per multiplier update; 1 makes it the trained network itself.
        delay: gradient steps between multiplier updates.
        start: environment steps before which the multiplier rests and the penalty is zero.
        ramp: environment steps over which the penalty then rises to ρ.
        gap_low, gap_high: in the actor, G = Q_c - d is clipped to [-gap_low · d, gap_high · d].
        dual_gap: in the dual target, G is clipped to ± dual_gap · d, so that λ falls as fast as it rises.
    """

    rule: Literal["averaged_target", "online_target", "dual_ascent"] = "averaged_target"
    penalise: bool = True
    penalty: float = 1.0
    maximum: float = 10.0
    learning_rate: float = 3e-4
    averaging: float = 0.05
    delay: int = 4
    start: int = 15_000
    ramp: int = 10_000
    gap_low: float = 1.0
    gap_high: float = 20.0
    dual_gap: float = 1.0


@dataclass(frozen=True, kw_only=True)
class AlgorithmConfig:
    """One member of the SAC family. `sac` is `sac_alam` with the multiplier switched off, nothing else.

    Attributes:
        name: the member.
        hidden: sizes of the hidden layers of every network.
        discount: γ of the reward.
        critic_learning_rate, actor_learning_rate, temperature_learning_rate: of Adam.
        target_averaging: τ of the target critics, per gradient step.
        initial_temperature: α at the start.
        actor_delay: gradient steps between updates of actor and temperature.
        gradient_norm: gradients of critics and actor are clipped to it.
        cost_bootstrap: how the cost critics' targets combine the twins; the actor always takes their max.
    """

    name: Literal["sac", "sac_alam"] = "sac_alam"
    hidden: tuple[int, ...] = (128, 128)
    discount: float = 0.99
    critic_learning_rate: float = 1e-3
    actor_learning_rate: float = 5e-4
    temperature_learning_rate: float = 1e-3
    target_averaging: float = 0.005
    initial_temperature: float = 0.2
    actor_delay: int = 2
    gradient_norm: float = 40.0
    cost_bootstrap: Literal["mean", "max"] = "mean"
    constraint: ConstraintConfig = field(default_factory=ConstraintConfig)
    multiplier: MultiplierConfig = field(default_factory=MultiplierConfig)

    def __post_init__(self) -> None:
        """Refuse numbers with which learning cannot work."""
        for name, value in (("discount", self.discount), ("constraint.cost_discount", self.constraint.cost_discount)):
            if not 0 < value < 1:
                raise ConfigurationError(f"`algorithm.{name}` between 0 and 1", str(value), "correct it")
        if not math.isfinite(self.constraint.threshold) or self.constraint.threshold <= 0:
            raise ConfigurationError("a cost limit above 0", str(self.constraint.episode_cost_limit), "allow some cost")


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
        updates_per_step: gradient steps for each environment step.
        replay_capacity: transitions kept.
        log_every, evaluate_every, checkpoint_every: environment steps.
        evaluation_episodes: at each evaluation.
        directory: of checkpoints, TensorBoard scalars and the exported policy.
    """

    seed: int = 0
    steps: int = 100_000
    wall_clock_limit_s: float | None = None
    random_steps: int = 2_000
    batch_size: int = 128
    updates_per_step: float = 1.0
    replay_capacity: int = 300_000
    log_every: int = 1_000
    evaluate_every: int = 10_000
    evaluation_episodes: int = 8
    checkpoint_every: int = 10_000
    directory: str = "runs/default"

    def __post_init__(self) -> None:
        """Refuse numbers with which the loop cannot run."""
        may_be_zero = ("seed", "updates_per_step")
        counts = [name for name, value in vars(self).items() if isinstance(value, int) and name not in may_be_zero]
        for least, names in ((1, counts), (0, may_be_zero)):
            for name in names:
                if getattr(self, name) < least:
                    raise ConfigurationError(f"`trainer.{name}` of at least {least}", str(getattr(self, name)), "correct it")
        if self.wall_clock_limit_s is not None and not self.wall_clock_limit_s > 0:
            raise ConfigurationError("`trainer.wall_clock_limit_s` above 0", str(self.wall_clock_limit_s), "correct it")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything that defines a run."""

    environment: EnvironmentConfig
    algorithm: AlgorithmConfig = field(default_factory=AlgorithmConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
