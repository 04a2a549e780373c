"""A risk evaluation as text for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from alam_ros.risk_evaluation.bootstrap import Interval
from alam_ros.risk_evaluation.evaluation import RiskEvaluation
from alam_ros.risk_evaluation.judgement import Judgement, ScoreFigures

NAMES = {
    "probability": "calibrated probability",
    "multiplier": "multiplier λ̄(s)",
    "effective_multiplier": "effective multiplier m(s, a)",
    "cost_value": "Q_c(s, a)",
    "clearance": "clearance (geometry alone)",
}
WIDTH = 30


def risk_text(found: RiskEvaluation, control_period: float) -> str:
    """Return all tables; `control_period` in s."""
    judgement = found.by_horizon[found.headline]
    parts = [
        _title(judgement, control_period),
        _score_table(judgement),
        "Advantage in AUROC\n" + "\n".join(_advantage(name, value) for name, value in judgement.advantages.items()),
        _areas("AUROC by horizon", {f"{h * control_period:g} s": j for h, j in found.by_horizon.items()}),
        _areas("AUROC by kind of action", found.by_noise),
        _lead_table(found, control_period),
        _kkt(found),
    ]
    text = "\n\n".join(parts)
    if re.search(r"\bnan\b", text):
        text += "\n\nnan: not to be had, for want of states before a violation or of others"
    return text


def _title(judgement: Judgement, control_period: float) -> str:
    return (
        f"A violation within {judgement.horizon * control_period:g} s: {judgement.states:,} states of"
        f" {judgement.episodes} episodes, {_base_rate(judgement)} of them before one\n"
        f"Left out: {judgement.in_violation:,} states in violation, {judgement.censored:,} whose future was cut off."
        " In brackets: 95 % bootstrap over episodes"
    )


def _score_table(judgement: Judgement) -> str:
    header = f"{'':{WIDTH}}{'AUROC':<22}{'AUPRC':<22}{'ECE':<22}{'Brier':>7}   Brier skill"
    return "\n".join([header, *(_score_row(name, figures) for name, figures in judgement.scores.items())])


def _score_row(name: str, figures: ScoreFigures) -> str:
    columns = (figures.auroc, figures.auprc, figures.expected_calibration_error)
    intervals = "".join(f"{column!s:<22}" for column in columns)
    return f"{NAMES[name]:{WIDTH}}{intervals}{figures.brier_score.value:7.4f}   {figures.brier_skill!s}"


def _advantage(name: str, value: Interval) -> str:
    score, baseline = name.split(" - ")
    return f"{NAMES[score]:{WIDTH}}over {NAMES[baseline]:28}{value.value:+.3f} [{value.low:+.3f}, {value.high:+.3f}]"


def _areas(title: str, judgements: Mapping[str, Judgement]) -> str:
    """Return a table of the scores' AUROC, one column a judgement."""
    columns = list(judgements.values())
    rows = [
        f"{NAMES[score]:{WIDTH}}" + _cells(f"{one.scores[score].auroc.value:.3f}" for one in columns)
        for score in columns[0].scores
    ]
    shares = f"{'share before a violation':{WIDTH}}" + _cells(map(_base_rate, columns))
    return "\n".join([f"{title:{WIDTH}}" + _cells(judgements), *rows, shares])


def _lead_table(found: RiskEvaluation, control_period: float) -> str:
    leads = next(iter(found.by_lead.values()))
    lines = [f"{'AUROC by time before it':{WIDTH}}" + _cells(f"{lead * control_period:g} s" for lead in leads)]
    for score, areas in found.by_lead.items():
        lines.append(f"{NAMES[score]:{WIDTH}}" + _cells(f"{area:.3f}" for area in areas.values()))
    return "\n".join(lines)


def _kkt(found: RiskEvaluation) -> str:
    kkt = found.kkt
    return (
        f"KKT residuals on {kkt.states} states: complementary slackness {kkt.complementary_slackness:.4f},"
        f" natural {kkt.natural:.4f}, primal {kkt.primal:.4f} (Q_c above its limit in {kkt.infeasible_share:.1%})"
    )


def _cells(texts: Iterable[str]) -> str:
    return "".join(f"{text:>14}" for text in texts)


def _base_rate(judgement: Judgement) -> str:
    return f"{judgement.positives / max(judgement.states, 1):.2%}"
