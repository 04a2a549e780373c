"""The synchroniser turns arriving samples into the observations of training."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import ControlTick, ObservationSynchroniser
from alam_ros.errors import ObservationError
from tests.contract.samples import goal, odometry, scan, step_samples, training_observations
from tests.support.policies import navigation_contract

CONTRACT = navigation_contract()
PERIOD = CONTRACT.control_period


def feed(
    synchroniser: ObservationSynchroniser, step: int, topics: tuple[str, ...], *, at: float | None = None
) -> list[ControlTick]:
    """Let a step's samples arrive in the given order, at `at` s or at the instant they were taken, and return the ticks."""
    ticks = []
    stamp = step * PERIOD
    for topic in topics:
        now = stamp if at is None else at
        synchroniser.update(topic, step_samples(step)[topic], stamp=stamp, received=now)
        ticks += poll(synchroniser, now)
    return ticks


def poll(synchroniser: ObservationSynchroniser, now: float) -> list[ControlTick]:
    ticks = []
    while (tick := synchroniser.poll(now)) is not None:
        ticks.append(tick)
    return ticks


@given(
    orders=st.lists(st.permutations(["scan", "odom"]), min_size=12, max_size=12),
    delays=st.lists(st.floats(0.0, 0.9 * PERIOD), min_size=12, max_size=12),
)
def test_any_order_of_arrival_gives_the_observations_of_training(orders: list[list[str]], delays: list[float]) -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    ticks: list[ControlTick] = []
    for step, (order, delay) in enumerate(zip(orders, delays, strict=True)):
        ticks += feed(synchroniser, step, ("goal", *order), at=step * PERIOD + delay)
    expected = training_observations(len(orders))
    assert [tick.stamp for tick in ticks] == [step * PERIOD for step in range(len(orders))]
    for tick, observation in zip(ticks, expected, strict=True):
        np.testing.assert_array_equal(tick.observation, observation)
        assert tick.unpaired == ()


@given(rate=st.integers(1, 6), latency=st.floats(0.0, 0.09))
def test_faster_odometry_is_read_at_the_instant_of_a_late_scan(rate: int, latency: float) -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    synchroniser.update("goal", goal(), stamp=0.0, received=0.0)
    arrivals = [(step * PERIOD + latency, "scan", step * PERIOD) for step in range(8)]
    times = [tick // rate * PERIOD + tick % rate * PERIOD / rate for tick in range(8 * rate)]  # the scans', to the last bit
    arrivals += [(time, "odom", time) for time in times]
    speeds = []
    for now, topic, stamp in sorted(arrivals, key=lambda arrival: (arrival[0], arrival[1])):
        synchroniser.update(topic, odometry(speed=stamp / 10) if topic == "odom" else scan(), stamp=stamp, received=now)
        speeds += [(tick.stamp, tick.observation[72]) for tick in poll(synchroniser, now)]
    assert len(speeds) == 8
    for stamp, speed in speeds:
        assert speed == pytest.approx(stamp / 10 / 0.8, abs=1e-6)


@given(slots=st.sampled_from([3, 5, 6, 7]), delays=st.lists(st.floats(0.0, 0.01 * PERIOD), min_size=200, max_size=200))
def test_how_long_messages_took_does_not_change_what_is_paired_where_rates_differ(slots: int, delays: list[float]) -> None:
    # Scans every fourth slot, odometry every `slots`-th: again and again one lies half a control period after the scan.
    taken = [(slot * PERIOD / 4, "scan") for slot in range(0, 160, 4)] + [
        (slot * PERIOD / 4, "odom") for slot in range(0, 160, slots)
    ]
    observations = []
    for late in ([0.0] * len(delays), delays):
        synchroniser = ObservationSynchroniser(CONTRACT)
        synchroniser.update("goal", goal(), stamp=0.0, received=0.0)
        found: list[ControlTick] = []
        arrivals = sorted((stamp + delay, topic, stamp) for (stamp, topic), delay in zip(taken, late, strict=False))
        for now, topic, stamp in arrivals:
            while (until := synchroniser.waits_until()) is not None and until < now:
                found += poll(synchroniser, until)
            synchroniser.update(topic, odometry(speed=stamp / 20) if topic == "odom" else scan(), stamp=stamp, received=now)
            found += poll(synchroniser, now)
        observations.append({tick.stamp: tick.observation.tolist() for tick in found if tick.stamp < 3.8})
    assert len(observations[0]) > 35
    assert observations[0] == observations[1]


def test_a_tick_waits_for_its_odometry_but_not_for_ever() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    assert len(feed(synchroniser, 0, ("goal", "odom", "scan"))) == 1
    assert feed(synchroniser, 1, ("scan",)) == []
    assert poll(synchroniser, 1.49 * PERIOD) == []
    (tick,) = poll(synchroniser, 1.5 * PERIOD)
    assert tick.unpaired == ("odom",)
    assert tick.stamp == PERIOD


def test_data_that_arrive_but_were_taken_too_long_ago_refuse_the_tick() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 0, ("goal", "odom", "scan"))
    for step in range(1, 7):
        stamp = step * PERIOD
        synchroniser.update("odom", odometry(), stamp=0.01 * step, received=stamp)
        synchroniser.update("scan", scan(), stamp=stamp, received=stamp)
        if step < 6:
            poll(synchroniser, stamp + PERIOD / 2)
    with pytest.raises(ObservationError, match=r"`velocity` stamped 0\.5\d s before `scan`"):
        poll(synchroniser, 7 * PERIOD)


def test_a_slow_channel_within_its_timeout_does_not_make_the_observation_old() -> None:
    slow = replace(CONTRACT.observation[1], timeout=3.0)
    contract = replace(CONTRACT, observation=(CONTRACT.observation[0], slow, CONTRACT.observation[2]))
    synchroniser = ObservationSynchroniser(contract)
    synchroniser.update("goal", goal(), stamp=0.0, received=0.0)
    ticks: list[ControlTick] = []
    for step in range(20):
        stamp = step * PERIOD
        if step % 10 == 0:
            synchroniser.update("odom", odometry(), stamp=stamp, received=stamp)
        synchroniser.update("scan", scan(), stamp=stamp, received=stamp)
        ticks += poll(synchroniser, stamp + PERIOD / 2)
    assert [tick.stamp for tick in ticks] == [step * PERIOD for step in range(20)]


@pytest.mark.parametrize("rate", [10.0, 10.5, 15.0, 20.0, 33.0, 40.0, 100.0])
def test_a_faster_trigger_is_thinned_to_the_trained_period(rate: float) -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    synchroniser.update("goal", goal(), stamp=0.0, received=0.0)
    ticks: list[ControlTick] = []
    for number in range(int(20 * rate)):
        stamp = number / rate
        for topic, sample in (("odom", odometry()), ("scan", scan())):
            synchroniser.update(topic, sample, stamp=stamp, received=stamp)
            ticks += poll(synchroniser, stamp)
    intervals = np.diff([tick.stamp for tick in ticks])
    assert intervals.mean() == pytest.approx(PERIOD, rel=0.02)
    assert intervals.min() >= 0.66 * PERIOD, "at 15 Hz two of three scans; otherwise a quarter period early at most"


def test_it_says_until_when_a_tick_waits() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 0, ("goal", "odom", "scan"))
    assert synchroniser.waits_until() is None
    assert feed(synchroniser, 1, ("scan",), at=0.125) == []
    assert synchroniser.waits_until() == 0.125 + PERIOD / 2
    assert synchroniser.poll(0.125 + 0.49 * PERIOD) is None
    assert synchroniser.poll(synchroniser.waits_until() or math.nan) is not None
    assert synchroniser.waits_until() is None


def test_a_slower_trigger_shows_in_the_measured_period() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    for step in range(0, 40, 2):
        feed(synchroniser, step, ("goal", "odom", "scan"))
    assert synchroniser.measured_period == pytest.approx(2 * PERIOD)


def test_a_source_that_repeats_an_old_stamp_grows_stale() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 0, ("goal", "odom", "scan"))
    for step in range(1, 7):
        now = step * PERIOD
        synchroniser.update("odom", odometry(), stamp=0.0, received=now)
        synchroniser.update("scan", scan(), stamp=now, received=now)
    assert synchroniser.stale(6 * PERIOD) == ("velocity",)
    assert synchroniser.unadvanced(6 * PERIOD) == ("odom",)
    told = r"`velocity` silent for 0\.60 s, though messages come on odom: their stamps do not advance; let their sources stamp"
    with pytest.raises(ObservationError, match=told):
        synchroniser.poll(6 * PERIOD)
    assert synchroniser.unadvanced(12 * PERIOD) == ()  # silent altogether
    synchroniser.update("odom", odometry(), stamp=12 * PERIOD, received=12 * PERIOD)
    synchroniser.update("scan", scan(), stamp=0.0, received=12 * PERIOD)  # the clock was set back
    assert synchroniser.unadvanced(12 * PERIOD) == ()


def test_nothing_is_made_up_before_the_first_data() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 0, ("scan", "odom")[:1])
    with pytest.raises(ObservationError, match="none yet on velocity, goal"):
        synchroniser.poll(PERIOD)


def test_a_clock_set_back_starts_anew_and_keeps_a_goal_of_the_new_time() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    for step in range(100, 110):
        feed(synchroniser, step, ("goal", "odom", "scan"))
    ticks: list[ControlTick] = []
    for step in range(12):
        ticks += feed(synchroniser, step, ("goal", "odom", "scan"), at=20.0 + step * PERIOD)
    assert synchroniser.restarts == 1
    assert len(ticks) == 12
    for tick, observation in zip(ticks, training_observations(12), strict=True):
        np.testing.assert_array_equal(tick.observation, observation)


def test_two_clocks_at_once_are_refused_until_one_is_left() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)

    def is_answered(step: int, at: float) -> bool:
        try:
            return bool(feed(synchroniser, step, ("goal", "odom", "scan"), at=at))
        except ObservationError as error:
            return "sources of one clock" not in str(error)

    together = [is_answered(step + start, step * PERIOD) for step in range(20) for start in (100, 0)]
    assert not any(together[8:])
    alone = [is_answered(step + 100, step * PERIOD) for step in range(20, 50)]
    assert not alone[10]
    assert all(alone[20:])


def test_a_goal_of_the_old_time_does_not_survive_a_clock_set_back() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 100, ("goal", "odom", "scan"))
    feed(synchroniser, 0, ("odom",))
    assert "goal" in synchroniser.missing()


TOPICS = ("odom", "scan")


def glitch(
    synchroniser: ObservationSynchroniser, topic: str, first: int, steps: int, offset: float
) -> tuple[list[ControlTick], list[str]]:
    """Play steps of which one topic's samples are stamped wrongly by `offset` s, and return ticks and what refused others."""
    ticks, refused = [], []
    for step in range(first, first + steps):
        now = step * PERIOD
        for name in TOPICS:
            stamp = now + (offset if name == topic else 0.0)
            synchroniser.update(name, step_samples(step)[name], stamp=stamp, received=now)
        try:
            ticks += poll(synchroniser, now + PERIOD / 2)
        except ObservationError as error:
            refused.append(str(error))
    return ticks, refused


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("steps", [1, 25])
@pytest.mark.parametrize("offset", [-1.0, -3600.0])
def test_a_goal_survives_stamps_of_one_sensor_that_jump_back_and_return(topic: str, steps: int, offset: float) -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 100, ("goal", *TOPICS))
    ticks, refused = glitch(synchroniser, topic, 101, steps, offset)
    assert not ticks
    assert any(f"goal since stamps on `{topic}` jumped back by" in text for text in refused)
    after = [tick for step in range(101 + steps, 110 + steps) for tick in feed(synchroniser, step, TOPICS)]
    assert [tick.stamp for tick in after] == [step * PERIOD for step in range(101 + steps, 110 + steps)]
    assert synchroniser.measured_period == pytest.approx(PERIOD)


def test_the_newest_goal_holds_where_one_came_while_a_sensors_stamps_were_wrong() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    synchroniser.update("goal", goal(), stamp=0.0, received=0.0)
    feed(synchroniser, 100, TOPICS)
    glitch(synchroniser, "odom", 101, 2, -3600.0)
    synchroniser.update("goal", goal(5.0), stamp=10.25, received=10.25)
    (tick,) = feed(synchroniser, 103, TOPICS)
    other = ObservationSynchroniser(CONTRACT)
    other.update("goal", goal(5.0), stamp=0.0, received=0.0)
    (expected,) = feed(other, 103, TOPICS)
    np.testing.assert_array_equal(tick.observation, expected.observation)


def test_a_goal_of_the_old_time_stays_forgotten_when_a_clock_that_was_set_back_gets_there_again() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    for step in range(40, 50):
        feed(synchroniser, step, ("goal", *TOPICS))
    for step in range(60):
        for topic in TOPICS:
            synchroniser.update(topic, step_samples(step)[topic], stamp=step * PERIOD, received=10.0 + step * PERIOD)
    assert synchroniser.missing() == ("goal",)
    for step in range(90, 95):  # nor by a leap
        for topic in TOPICS:
            synchroniser.update(topic, step_samples(step)[topic], stamp=step * PERIOD, received=20.0 + step * PERIOD)
    assert synchroniser.missing() == ("goal",)


def test_a_sensor_that_alone_starts_a_new_time_and_stays_there_does_not_bring_the_goal_back() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    for step in range(40, 50):
        feed(synchroniser, step, ("goal", *TOPICS))
    for step in range(60):
        synchroniser.update("odom", step_samples(step)["odom"], stamp=step * PERIOD, received=10.0 + step * PERIOD)
    assert "goal" in synchroniser.missing()


def test_a_message_of_the_old_time_on_its_way_when_the_clock_is_set_back_does_not_keep_the_goal() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 100, ("goal", *TOPICS))
    synchroniser.update("odom", odometry(), stamp=0.0, received=10.1)
    synchroniser.update("scan", scan(), stamp=10.1, received=10.1)
    for step in range(1, 5):
        for topic in TOPICS:
            synchroniser.update(topic, step_samples(step)[topic], stamp=step * PERIOD, received=10.1 + step * PERIOD)
    assert synchroniser.missing() == ("goal",)


def test_a_pending_tick_of_the_old_time_does_not_survive_a_clock_set_back() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    feed(synchroniser, 100, ("goal", "odom", "scan"))
    assert feed(synchroniser, 101, ("scan",)) == []
    now = 101 * PERIOD
    assert feed(synchroniser, 0, ("odom",), at=now) == []
    assert synchroniser.waits_until() is None
    assert poll(synchroniser, now + PERIOD) == []
    (tick,) = feed(synchroniser, 1, ("goal", "odom", "scan"), at=now + PERIOD)
    assert tick.stamp == PERIOD


def test_after_a_gap_the_histories_start_anew() -> None:
    synchroniser = ObservationSynchroniser(CONTRACT)
    for step in range(5):
        feed(synchroniser, step, ("goal", "odom", "scan"))
    (tick,) = feed(synchroniser, 20, ("odom", "scan"))
    np.testing.assert_array_equal(tick.observation[:36], tick.observation[36:72])


def test_a_topic_of_no_channel_is_refused() -> None:
    with pytest.raises(ObservationError, match="`image`"):
        ObservationSynchroniser(CONTRACT).update("image", scan(), stamp=0.0, received=0.0)


def test_the_measured_period_is_unknown_at_first() -> None:
    assert math.isnan(ObservationSynchroniser(CONTRACT).measured_period)
