"""The products measured alone are those that an update consists of: they have the operations counted from the sizes."""

from __future__ import annotations

import pytest

from alam_ros.bench.floating_point import update_flop
from alam_ros.bench.workers import alam_update, update_products, update_sequence

HIDDEN, BATCH = (24, 16), 32
SETTINGS = {
    "observation": 5,
    "action": 2,
    "hidden": HIDDEN,
    "batch": BATCH,
    "actor_delay": 2,
    "multiplier_delay": 5,
    "transitions": 500,
}


@pytest.mark.parametrize("member", ["sac_alam", "sac", "sac_lag"])
def test_the_products_of_a_cycle_are_its_operations_less_what_is_done_element_by_element(member: str) -> None:
    work, facts = update_products.make(member=member, **SETTINGS)
    config = alam_update.Update(member=member, **SETTINGS).learner.config
    # The way back through a critic's single output is an outer product, and taken as one.
    critics = 2 + 2 / config.cost_critic_period + (2 if member == "sac" else 4) / config.actor_delay
    expected = update_flop(config, 5, 2, BATCH) - critics * 2 * BATCH * HIDDEN[-1]
    assert facts["updates"] == 10
    assert facts["flop"] == pytest.approx(facts["updates"] * expected)
    work(1)


def test_a_sequence_is_the_updates_own_products_into_its_own_memory() -> None:
    record, cycle = update_products.record_cycle(member="sac_alam", **SETTINGS)
    assert len(record.calls) == sum(record.counts.values())
    work, facts = update_sequence.make(member="sac_alam", **SETTINGS)
    assert facts == update_products.facts(record, cycle)
    with update_products.ProductRecord() as repeated:
        work(2)
    assert repeated.counts == {kind: 2 * times for kind, times in record.counts.items()}
    results = [call() for call in record.calls]
    assert all(bool(result.isfinite().all()) for result in results)
    assert len({result.data_ptr() for result in results}) < len(results)
