"""The figures as tables, Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alam_ros.bench.cuda import Cuda
from alam_ros.bench.growth import Growth, Point
from alam_ros.bench.loop import (
    ADAPTED,
    LARGEST_RESET_MS,
    LARGEST_SHARE,
    LARGEST_STEP_RATIO,
    LEAST_STEPS_PER_S,
    NAVIGATION,
    Loop,
)
from alam_ros.bench.spread import Spread
from alam_ros.bench.time_to_safety import Criterion, Evaluation
from alam_ros.bench.update_cost import LEAST_SHARE, Cost, UpdateCost
from alam_ros.report.markdown import markdown_table


def update_cost_text(found: UpdateCost) -> str:
    """Return the tables of the update's cost."""
    sizes = found.sizes
    hidden = " × ".join(map(str, sizes.hidden))
    head = (
        f"One thread; {sizes.observation} observations, {sizes.action} actions, hidden layers {hidden}, batch {sizes.batch};"
        f" ours: actor every {sizes.actor_delay} updates, multiplier every {sizes.multiplier_delay}. Median (quartiles) of"
        f" {found.starts} × {found.rounds} rounds in which all took turns. One product, repeated: {found.gflop_per_s} GFLOP/s."
    )
    learners = markdown_table(
        (
            "learner",
            "CPU ms an update",
            "MFLOP",
            "its products alone, GFLOP/s",
            f"share of its products' rate (at least {LEAST_SHARE})",
            "nothing but its products, in its order",
            "share of the one product's rate",
        ),
        (
            (
                name,
                str(cost.cpu_ms),
                "" if cost.mflop is None else f"{cost.mflop:.0f}",
                *(str(figure or "") for figure in _shares(cost)),
            )
            for name, cost in found.learners.items()
        ),
    )
    ratios = markdown_table(
        ("CPU time over CPU time", "measured", "at most"),
        ((name, str(ratio.value), f"{ratio.limit:g}") for name, ratio in found.ratios.items()),
    )
    return "\n\n".join((head, learners, ratios if found.ratios else "Peers are not installed: `make bench` does it."))


def _shares(cost: Cost) -> tuple[Spread | None, ...]:
    return cost.product_gflop_per_s, cost.share_of_products, cost.share_in_sequence, cost.share_of_sgemm


def growth_text(found: Growth) -> str:
    """Return the tables of the update's growth."""
    replay = markdown_table(
        ("transitions kept", "CPU ms a step", "relative", "memory grew by, MB", "rows alone, MB"),
        (
            (f"{row.transitions:,}", str(row.cpu_ms), str(row.relative), f"{row.megabytes:.1f}", f"{row.row_megabytes:.1f}")
            for row in found.replay
        ),
    )
    return "\n\n".join((replay, _points("width", found.width), _points("batch", found.batch)))


def cuda_text(found: Cuda) -> str:
    """Return the table of the updates on a GPU."""
    sizes = found.sizes
    head = (
        f"{found.name}, {sizes.observation} observations, {sizes.action} actions, hidden layers"
        f" {' × '.join(map(str, sizes.hidden))}, batch {sizes.batch}; {found.mflop:.0f} MFLOP an update. One core of the same"
        f" machine: {found.cpu_per_s} updates a second."
    )
    columns = (
        "learners at once",
        "updates a second, each",
        "all together",
        "over one core",
        "each, without graphs",
        "limit: the GPU's batched products, all together",
        "share of it",
    )
    rows = (
        (
            f"{point.learners}",
            str(point.updates_per_s),
            f"{point.total_per_s:,.0f}",
            f"{point.cpu_ratio:.1f}",
            f"{point.uncaptured_per_s:,.0f}",
            f"{point.limit_per_s:,.0f}",
            f"{point.share:.1%}",
        )
        for point in found.points
    )
    return head + "\n\n" + markdown_table(columns, rows)


def loop_text(found: Loop) -> str:
    """Return the tables of the loop around the learner."""
    training = found.training
    parts = sorted(training.shares.items(), key=lambda part: -part[1])
    shares = markdown_table(("part of a training", "share of wall time"), ((name, f"{share:.1%}") for name, share in parts))
    beyond = f"{training.updates:,} updates in {training.wall_s:.0f} s."
    rows = [
        ("wall time beyond updates", f"{training.beyond_updates:.1%}", f"at most {LARGEST_SHARE:.0%}"),
        (f"{NAVIGATION}, steps a CPU second", str(found.navigation_steps_per_s), f"at least {LEAST_STEPS_PER_S:,.0f}"),
    ]
    task = found.safety_gymnasium
    if task is not None:
        rows += [
            (f"{ADAPTED}, CPU ms a reset", str(task.reset_ms), f"at most {LARGEST_RESET_MS:g}"),
            ("by itself", str(task.own_reset_ms), ""),
            (f"{ADAPTED}, CPU µs a step", str(task.step_us), ""),
            ("by itself", str(task.own_step_us), ""),
            ("the one over the other", str(task.step_ratio), f"at most {LARGEST_STEP_RATIO:g}"),
        ]
    return "\n\n".join((beyond, shares, markdown_table(("figure", "measured", "limit"), rows)))


def safety_text(found: Mapping[str, Sequence[Evaluation]], wanted: Mapping[str, Criterion], episodes: int) -> str:
    """Return the table of the time to a safe policy."""
    columns = [
        f"minutes until {name} (return at least {criterion.least_return:.0f}, cost at most {criterion.largest_cost:.1f})"
        for name, criterion in wanted.items()
    ]

    def row(name: str, evaluations: Sequence[Evaluation]) -> list[str]:
        last = evaluations[-1]
        reached = [criterion.reached(evaluations) for criterion in wanted.values()]
        minutes = [f"{at.seconds / 60:.1f} ({at.steps:,} steps)" if at else "not reached" for at in reached]
        return [name, *minutes, f"{last.seconds / 60:.1f}", f"{last.episode_return:.1f} / {last.cost:.1f}"]

    head = f"Each evaluation: {episodes} fresh episodes, deterministic actions. Reached means: from then on at every evaluation."
    rows = (row(name, evaluations) for name, evaluations in found.items())
    return head + "\n\n" + markdown_table(("learner", *columns, "minutes in all", "return / cost at the end"), rows)


def _points(name: str, points: Sequence[Point]) -> str:
    columns = (name, "updates per CPU second", "limit", "share of sgemm")
    rows = ((f"{p.size}", str(p.updates_per_s), str(p.limit_per_s), str(p.share_of_sgemm)) for p in points)
    return markdown_table(columns, rows)
