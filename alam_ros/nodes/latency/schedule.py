"""When which side is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SIDES = ("ours", "echo")
SENSORS_BEFORE = 0.25
"""Share of a period by which sensors are heard before the commander."""


@dataclass(frozen=True)
class Plan:
    """What is asked, and when.

    Attributes:
        rate: questions to a side a second, Hz.
        turns: of each side.
        turn_s: length of a turn, s.
        settle_s: at the beginning of each turn, not counted: while the other side had its turn, timeouts passed.
        is_side_by_side: both sides are asked in every period, half of one apart, instead of in turns.
    """

    rate: float
    turns: int
    turn_s: float
    settle_s: float
    is_side_by_side: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to publish.

    Attributes:
        time: when, s from the beginning of its block.
        side: whom to.
        number: of the question among the counted ones of its turn, equal for two that are asked side by side; below 0 while it
            settles.
        is_question: whether it is to be answered; otherwise it is what the sensors see.
    """

    time: float
    side: str
    number: int
    is_question: bool


@dataclass(frozen=True)
class Block:
    """What is published without a pause.

    Attributes:
        turn: of each side in it.
        sides: those who are asked.
        duration: s.
        steps: in their order.
    """

    turn: int
    sides: Sequence[str]
    duration: float
    steps: Sequence[Step]


def blocks(plan: Plan) -> Iterator[Block]:
    """Yield all blocks in their order."""
    for turn in range(plan.turns):
        # Who was first is second in the next turn, so that a drift of the machine favours neither.
        order = SIDES if turn % 2 == 0 else SIDES[::-1]
        for sides in (SIDES,) if plan.is_side_by_side else tuple((side,) for side in order):
            yield _block(plan, turn, sides)


def _block(plan: Plan, turn: int, sides: Sequence[str]) -> Block:
    period = 1.0 / plan.rate
    whole, settling = round(plan.turn_s * plan.rate), round(plan.settle_s * plan.rate)
    steps = []
    for number in range(whole):
        for place, side in enumerate(sides):
            time = (number + 0.5 + place / len(sides)) * period
            steps.append(Step(time - SENSORS_BEFORE * period, side, number - settling, False))
            steps.append(Step(time, side, number - settling, True))
    return Block(turn, sides, (whole + 1) * period, sorted(steps, key=lambda step: step.time))
