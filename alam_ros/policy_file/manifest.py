"""The policy file's manifest: which network is which, what its numbers mean, and how to check them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from alam_ros.errors import AlamError, PolicyFileError
from alam_ros.typed import from_mapping

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """A multilayer perceptron: number of linear layers and the activation between them."""

    layers: int
    activation: Literal["relu"] = "relu"


@dataclass(frozen=True, kw_only=True)
class NetworkSpecs:
    """The networks in the file.

    `multiplier` is None for algorithms without a multiplier network, `risk` for files whose probability comes from Q_c alone.
    """

    actor: NetworkSpec
    cost_critic_0: NetworkSpec
    cost_critic_1: NetworkSpec
    multiplier: NetworkSpec | None
    risk: NetworkSpec | None = None

    def named(self) -> tuple[tuple[str, NetworkSpec], ...]:
        """Return (name, spec) of the networks that are present."""
        pairs = (
            ("actor", self.actor),
            ("cost_critic_0", self.cost_critic_0),
            ("cost_critic_1", self.cost_critic_1),
            ("multiplier", self.multiplier),
            ("risk", self.risk),
        )
        return tuple((name, spec) for name, spec in pairs if spec is not None)


@dataclass(frozen=True, kw_only=True)
class RiskSpec:
    """The constraint the policy was trained under (alam.md §2, §3).

    Attributes:
        threshold: d, the limit on the cost value.
        cost_discount: gamma_c.
        penalty_coefficient: rho of the augmented Lagrangian.
        multiplier_max: the multiplier network's output is clipped to [0, multiplier_max].
        multiplier: the scalar multiplier of algorithms without a multiplier network.
    """

    threshold: float
    cost_discount: float
    penalty_coefficient: float
    multiplier_max: float
    multiplier: float | None = None


@dataclass(frozen=True, kw_only=True)
class CalibrationSpec:
    """Isotonic map from a score to the probability of a violation within `horizon` s.

    Attributes:
        score: what is mapped: Q_c, or the output of the risk network (docs/risk.md).
        horizon: s.
        scores, probabilities: breakpoints, linear in between and constant beyond.
        evidence: how and on what the map was fitted, for people.
    """

    score: Literal["cost_value", "risk_network"]
    horizon: float
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    evidence: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class NoveltySpec:
    """Range of each element of the normalised observation in training."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class GoldenSpec:
    """Normalised observations and what the networks answered to them when the file was written.

    `risk_scores` is None exactly for files without a risk network.
    """

    observations: tuple[tuple[float, ...], ...]
    actions: tuple[tuple[float, ...], ...]
    cost_values: tuple[float, ...]
    multipliers: tuple[float, ...]
    risk_scores: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The document `manifest.json`; see docs/architecture.md."""

    schema: Literal[1]
    algorithm: str
    configuration: Mapping[str, Any]
    contract: Mapping[str, Any]
    networks: NetworkSpecs
    risk: RiskSpec
    calibration: CalibrationSpec | None
    novelty: NoveltySpec
    training: Mapping[str, Any]
    libraries: Mapping[str, str]
    golden: GoldenSpec
    sha256: Mapping[str, str]

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Manifest:
        """Read the manifest from its JSON form.

        Raises:
            PolicyFileError: for another schema, or an unknown, missing or ill-typed key, named by its dotted path.
        """
        schema = mapping.get("schema")
        if schema != SCHEMA:
            raise PolicyFileError(
                f"a policy file of schema {SCHEMA}",
                f"schema {schema!r}",
                "export it again with this version, or install the version that wrote it",
            )
        try:
            return from_mapping(cls, mapping)
        except AlamError as error:
            raise PolicyFileError(f"manifest.json with {error.expected}", error.found, "export the policy again") from error
