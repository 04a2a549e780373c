"""The scores held against what happened within one horizon: discrimination, honesty, and who beats whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.discrimination import Ranking
from alam_ros.learning.futures import Futures
from alam_ros.learning.isotonic import LEAST_EPISODES, out_of_fold
from alam_ros.learning.reliability import Reliability
from alam_ros.risk_evaluation.bootstrap import RESAMPLES, Interval, bootstrap, bootstrap_absolute_sum
from alam_ros.risk_evaluation.scores import BASELINES, PROBABILITY

Values = NDArray[np.float64]
UNDEFINED = Interval(float("nan"), float("nan"), float("nan"))
FIGURES = ("auroc", "auprc", "brier_score", "brier_skill")
"""Those with a percentile interval, in the order `_Figures` has them."""


@dataclass(frozen=True)
class ScoreFigures:
    """Figures of one score with 95 % intervals over episodes: percentile intervals, but for the calibration error.

    Attributes:
        auroc, auprc: of the score itself.
        expected_calibration_error, brier_score, brier_skill: of the probability it gives: its own for `probability`, otherwise
            that of an isotonic map fitted on other episodes. The error has the interval of `bootstrap_absolute_sum`.
    """

    auroc: Interval
    auprc: Interval
    expected_calibration_error: Interval
    brier_score: Interval
    brier_skill: Interval


@dataclass(frozen=True)
class Judgement:
    """All scores on the same states: those whose future is known, that are not in violation, and where every score is known.

    Where these are of fewer than two episodes, all figures are NaN.

    Attributes:
        horizon: H, control steps.
        states, positives, episodes: how many.
        in_violation, censored: states left out because they are in violation already, or because truncation hides their future.
        scores: by name.
        advantages: AUROC(score) - AUROC(baseline), by `score - baseline`.
    """

    horizon: int
    states: int
    positives: int
    episodes: int
    in_violation: int
    censored: int
    scores: Mapping[str, ScoreFigures]
    advantages: Mapping[str, Interval]


def judge(
    scores: Mapping[str, Values],
    what_followed: Futures,
    horizon: int,
    *,
    selected: NDArray[np.bool_] | None = None,
    stated_horizon: int | None = None,
    resamples: int = RESAMPLES,
) -> Judgement:
    """Judge the scores at one horizon.

    Args:
        scores: name → (n,), higher for more dangerous, NaN where unknown.
        what_followed: of the same n states.
        horizon: H, control steps.
        selected: states to judge by, (n,); all that can be if not given.
        stated_horizon: horizon that `probability` speaks of; at any other one it is mapped anew like the other scores.
        resamples: of the bootstrap.
    """
    chosen = np.ones(what_followed.lead.size, bool) if selected is None else selected
    is_known = what_followed.is_known(horizon)
    kept = chosen & what_followed.headline(horizon) & ~np.isnan([*scores.values()]).any(0)
    label, episode = what_followed.label(horizon)[kept], what_followed.episode[kept]
    episodes = int(np.unique(episode).size)
    intervals: Iterator[Interval] = repeat(UNDEFINED)
    errors = dict.fromkeys(scores, UNDEFINED)
    if episodes >= LEAST_EPISODES:
        figures = _Figures({name: score[kept] for name, score in scores.items()}, label, episode, horizon == stated_horizon)
        intervals = iter(bootstrap(figures, episode, resamples=resamples))
        errors = figures.calibration_errors(episode, resamples)
    return Judgement(
        horizon=horizon,
        states=int(kept.sum()),
        positives=int(label.sum()),
        episodes=episodes,
        in_violation=int((chosen & what_followed.in_violation).sum()),
        censored=int((chosen & ~is_known & ~what_followed.in_violation).sum()),
        scores={
            name: ScoreFigures(expected_calibration_error=error, **{figure: next(intervals) for figure in FIGURES})
            for name, error in errors.items()
        },
        advantages={name: next(intervals) for name in _comparisons(scores)},
    )


def _comparisons(scores: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return `score - baseline` → score and baseline, of the scores that are to beat a baseline that there is."""
    names = list(scores)
    pairs = [(name, baseline) for baseline in BASELINES for name in names if name not in BASELINES and baseline in names]
    return {f"{name} - {baseline}": (name, baseline) for name, baseline in pairs}


class _Figures:
    """All figures as one vector for each weighting of the states, in the order `judge` unpacks them."""

    def __init__(
        self, scores: Mapping[str, Values], label: NDArray[np.bool_], episode: NDArray[np.intp], is_stated: bool
    ) -> None:
        self._rankings = {name: Ranking(score, label) for name, score in scores.items()}
        self._reliabilities = {
            name: Reliability(score if is_stated and name == PROBABILITY else out_of_fold(score, label, episode), label)
            for name, score in scores.items()
        }
        self._comparisons = _comparisons(scores)

    def __call__(self, weight: Values) -> Values:
        """Return the `FIGURES` of each score, then the advantages."""
        ranks = {name: ranking.judge(weight) for name, ranking in self._rankings.items()}
        values: list[float] = []
        for name, reliability in self._reliabilities.items():
            honesty = reliability.judge(weight)
            values += [ranks[name].auroc, ranks[name].auprc, honesty.brier_score, honesty.brier_skill]
        values += [ranks[name].auroc - ranks[baseline].auroc for name, baseline in self._comparisons.values()]
        return np.array(values)

    def calibration_errors(self, episode: NDArray[np.intp], resamples: int) -> dict[str, Interval]:
        """Return the expected calibration error of each score."""
        return {
            name: bootstrap_absolute_sum(reliability.gaps, episode, resamples=resamples)
            for name, reliability in self._reliabilities.items()
        }
