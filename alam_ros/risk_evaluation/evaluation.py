"""All that `alam risk` says of one policy: fresh episodes in, figures out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import ConfigurationError
from alam_ros.learning.agents import Agent
from alam_ros.learning.discrimination import Ranking
from alam_ros.learning.evaluation import MIXED_NOISES, EpisodeRecord, evaluate
from alam_ros.learning.futures import Futures, futures
from alam_ros.learning.isotonic import LEAST_EPISODES, out_of_fold
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.learning.stepper import EnvironmentStepper
from alam_ros.risk_evaluation.bootstrap import RESAMPLES
from alam_ros.risk_evaluation.diagram import DiagramBin, diagram_bins
from alam_ros.risk_evaluation.judgement import Judgement, judge
from alam_ros.risk_evaluation.optimality import KktResiduals, kkt_residuals, probe_states
from alam_ros.risk_evaluation.scores import COST_VALUE, PROBABILITY, scores_of

LEADS = (1, 2, 3, 5, 7, 10)
Values = NDArray[np.float64]


@dataclass(frozen=True)
class RiskEvaluation:
    """Everything that episodes say of a policy's risk scores.

    Attributes:
        headline: the horizon of 1 s, in control steps.
        by_horizon: horizon → judgement on states of all kinds of action noise.
        by_noise: kind of action noise → judgement at the headline horizon.
        by_lead: score → lead → AUROC of the states so many steps before a violation against those before none.
        diagram: score of the reliability diagram, and its bins.
        kkt: on probe states of the episodes.
    """

    headline: int
    by_horizon: Mapping[int, Judgement]
    by_noise: Mapping[str, Judgement]
    by_lead: Mapping[str, Mapping[int, float]]
    diagram: tuple[str, Sequence[DiagramBin]]
    kkt: KktResiduals


def collect_episodes(
    agent: Agent,
    stepper: EnvironmentStepper,
    *,
    episodes: int,
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, list[EpisodeRecord]]:
    """Run `episodes` fresh episodes with each kind of action noise; training, export and `alam evaluate` use other seeds.

    Args:
        agent: acts and judges.
        stepper: environments.
        episodes: of each kind.
        seed: of the episodes.
        advance: told how many episodes have ended since it was told last.

    Raises:
        ConfigurationError: for fewer than two episodes of a kind.
    """
    _require_episodes(episodes)
    return {
        name: evaluate(
            agent,
            stepper,
            episodes=episodes,
            first_seed=first_seed(Purpose.EVALUATION, seed, 1 + index),
            noise=noise,
            advance=advance,
        )
        for index, (name, noise) in enumerate(MIXED_NOISES.items())
    }


def evaluate_risk(
    agent: Agent,
    episodes: Mapping[str, Sequence[EpisodeRecord]],
    *,
    headline: int,
    horizons: Sequence[int],
    stated_horizon: int | None,
    resamples: int = RESAMPLES,
) -> RiskEvaluation:
    """Judge the scores of recorded episodes.

    Args:
        agent: that drove them.
        episodes: kind of action noise → its episodes.
        headline: horizon that most figures are of, control steps.
        horizons: further ones.
        stated_horizon: horizon that the agent's probability speaks of, control steps; None where it has none.
        resamples: of the bootstrap.

    Raises:
        ConfigurationError: for a horizon as long as no episode, for which no state is known to be safe; for fewer than two
            episodes of a kind.
    """
    _require_episodes(min(map(len, episodes.values())))
    records = [record for group in episodes.values() for record in group]
    what_followed, scores = futures(records), scores_of(records)
    for horizon in (headline, *horizons):
        if not (what_followed.seen >= horizon).any():
            longest = f"at most {max(map(len, records))} control steps, the longest of the episodes"
            raise ConfigurationError(f"horizons of {longest}", str(horizon), "judge by shorter ones")
    groups = np.repeat(np.arange(len(episodes)), [sum(map(len, group)) for group in episodes.values()])

    def judged(horizon: int, selected: NDArray[np.bool_] | None = None) -> Judgement:
        return judge(scores, what_followed, horizon, selected=selected, stated_horizon=stated_horizon, resamples=resamples)

    return RiskEvaluation(
        headline=headline,
        by_horizon={horizon: judged(horizon) for horizon in sorted({headline, *horizons})},
        by_noise={name: judged(headline, groups == index) for index, name in enumerate(episodes)},
        by_lead={name: _by_lead(score, what_followed, headline) for name, score in scores.items()},
        diagram=_diagram(scores, what_followed, headline, stated_horizon),
        kkt=kkt_residuals(agent, probe_states(records)),
    )


def _require_episodes(of_a_kind: int) -> None:
    if of_a_kind < LEAST_EPISODES:
        expected = f"at least {LEAST_EPISODES} episodes of each kind of action noise"
        raise ConfigurationError(expected, str(of_a_kind), "run more: maps are judged and intervals drawn over whole episodes")


def _by_lead(score: Values, what_followed: Futures, horizon: int) -> dict[int, float]:
    kept, label = what_followed.headline(horizon) & ~np.isnan(score), what_followed.label(horizon)
    areas = {}
    for lead in (lead for lead in LEADS if lead <= horizon):
        chosen = kept & (~label | (what_followed.lead == lead))
        areas[lead] = Ranking(score[chosen], label[chosen]).judge().auroc if chosen.any() else float("nan")
    return areas


def _diagram(
    scores: Mapping[str, Values], what_followed: Futures, horizon: int, stated_horizon: int | None
) -> tuple[str, list[DiagramBin]]:
    """Return the bins of the stated probability or, where there is none for this horizon, of Q_c mapped out of fold.

    Where there are states of fewer than two episodes, there are no bins.
    """
    name = PROBABILITY if stated_horizon == horizon else COST_VALUE
    kept = what_followed.headline(horizon)
    label, episode = what_followed.label(horizon)[kept], what_followed.episode[kept]
    if np.unique(episode).size < LEAST_EPISODES:
        return name, []
    score = scores[name][kept]
    return name, diagram_bins(score if name == PROBABILITY else out_of_fold(score, label, episode), label, episode)
