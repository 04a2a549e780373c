"""What our nodes add to a bare node of the same messages: latency, processor time, deadlines missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.bench.latency_case import Case
from alam_ros.bench.spread import Spread, paired, spread
from alam_ros.errors import BenchmarkError

MOST_ADDED_US = {"median": 150.0, "p99": 500.0}
"""What a node may add to the latency of the bare one."""
NEAR = 1
"""Periods by which two missed deadlines may be apart and still count as missed together."""

Turns = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Latency:
    """Of one node's answers on one topic, µs from the question's publication to the answer's arrival.

    Attributes:
        questions, answers: how many were counted.
        median: over the turns, of the median within each.
        p99, p99_9, worst: of all answers.
        missed: questions without an answer within one period.
        cpu_percent: processor time of the node's process, of one core.
    """

    questions: int
    answers: int
    median: Spread
    p99: float
    p99_9: float
    worst: float
    missed: int
    cpu_percent: float


@dataclass(frozen=True)
class Comparison:
    """One of our nodes beside the bare one.

    Attributes:
        answer: topic.
        added_median: our median minus the bare one's, µs, over pairs of neighbouring turns.
        added_p99: the same of the 99th percentiles of all answers, µs; `added_p99_of_turns` of those within each turn.
        missed_alone: deadlines that ours missed while the bare node, asked within the same period or its neighbours, did not;
            None where they were asked in turns.
        echo_missed_alone: the other way round.
    """

    role: str
    executor: str
    rate: float
    answer: str
    ours: Latency
    echo: Latency
    added_median: Spread
    added_p99: float
    added_p99_of_turns: Spread
    missed_alone: int | None
    echo_missed_alone: int | None


def comparisons(case: Case, found: Mapping[str, Turns]) -> list[Comparison]:
    """Return one comparison for each topic on which the nodes answer.

    Raises:
        BenchmarkError: when a node did not answer at all.
    """
    return [_comparison(case, answer, found["ours"], found["echo"]) for answer in found["ours"][0]["answers"]]


def _comparison(case: Case, answer: str, ours: Turns, echo: Turns) -> Comparison:
    sides = (ours, echo)
    waits = [[_waits(turn, answer) for turn in turns] for turns in sides]
    late = [[_missed(turn, answer, 1.0 / case.rate) for turn in turns] for turns in sides]
    latencies = [_latency(turns, each, missed) for turns, each, missed in zip(sides, waits, late, strict=True)]
    medians, highs = ([[float(np.quantile(w, q)) for w in each] for each in waits] for q in (0.5, 0.99))
    return Comparison(
        role=case.role,
        executor=case.executor,
        rate=case.rate,
        answer=answer,
        ours=latencies[0],
        echo=latencies[1],
        added_median=paired(lambda a, b: a - b, *medians),
        added_p99=latencies[0].p99 - latencies[1].p99,
        added_p99_of_turns=paired(lambda a, b: a - b, *highs),
        missed_alone=_alone(*late) if case.is_loaded else None,
        echo_missed_alone=_alone(*reversed(late)) if case.is_loaded else None,
    )


def _waits(turn: Mapping[str, Any], answer: str) -> NDArray[np.float64]:
    """Return the latencies of a turn's answers, µs."""
    seconds = np.array([seconds for _, seconds in turn["answers"][answer]])
    if not seconds.size:
        found = f"none of {turn['questions']} questions answered"
        raise BenchmarkError(f"answers on `{answer}` in every turn", found, "give the nodes a machine on which they can work")
    return 1e6 * seconds


def _missed(turn: Mapping[str, Any], answer: str, period: float) -> NDArray[np.bool_]:
    """Return for each question of a turn whether it had no answer within the period."""
    missed = np.ones(turn["questions"], dtype=np.bool_)
    missed[[number for number, seconds in turn["answers"][answer] if seconds <= period]] = False
    return missed


def _latency(turns: Turns, waits: Sequence[NDArray[np.float64]], missed: Sequence[NDArray[np.bool_]]) -> Latency:
    everything = np.concatenate(waits)
    p99, p99_9 = np.quantile(everything, (0.99, 0.999)).tolist()
    return Latency(
        questions=sum(turn["questions"] for turn in turns),
        answers=everything.size,
        median=spread([float(np.median(each)) for each in waits]),
        p99=p99,
        p99_9=p99_9,
        worst=float(everything.max()),
        missed=int(sum(each.sum() for each in missed)),
        cpu_percent=100.0 * sum(turn["cpu_s"] for turn in turns) / sum(turn["wall_s"] for turn in turns),
    )


def _alone(late: Sequence[NDArray[np.bool_]], others: Sequence[NDArray[np.bool_]]) -> int:
    """Return how many were missed while the other side missed none near."""
    count = 0
    for own, other in zip(late, others, strict=True):
        near = np.convolve(other, np.ones(2 * NEAR + 1), mode="same") > 0.0 if other.any() else other
        count += int((own & ~near[: own.size]).sum())
    return count
