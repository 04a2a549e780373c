"""The report's page, Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from alam_ros.study.grid import oscillation, return_and_cost, standing
from alam_ros.study.result import RunResult
from alam_ros.study.so_far import StudySoFar
from alam_ros.study.state import describe_refused
from alam_ros.study.statistics import REPETITIONS
from alam_ros.study.tables import aggregate_table, steps_text, task_table

HEAD = """# Study {name}

{finished} of {planned} runs are finished. Budgets are small: {steps} environment steps a run, stated in each table; nothing
here is comparable with figures at other budgets.

The score of a run is its mean over {episodes} fresh episodes after training: deterministic actions, seed {seed} of the
evaluation range, the same episodes for all runs of a task. Over runs: interquartile mean, which with fewer than four runs is the
mean, and in brackets its 95 % stratified bootstrap interval ({repetitions:,} samples). Of few seeds such an interval understates
the uncertainty: it is never wider than their range. *±* is the standard deviation over seeds. *Within budget* says whether the
mean cost of every seed is. Bold: the highest return among the algorithms within budget in every seed. *Multiplier CV* is its
oscillation on fixed probe states over the last half of training, E_s[std λ / (mean λ + 0.001)].

Written by `{command}` from the results in `{directory}`."""

ALL_TASKS = """## All tasks

Returns are shares of the mean return of {reference} on the same task and budget, costs are shares of the task's
budget. Of an algorithm with more seeds on some tasks than on others, the lowest seeds count, as many on each task.{excluded}"""

GRID = """## Tasks and algorithms

Return ± standard deviation over seeds / cost of the worst seed / mean cost of the worst tenth of a run's episodes. Bold: the
highest return of those within the budget in every seed; italics: over the budget; *(of 1)*: one seed, where others have more."""

TASK = """## {task}

`{environment}`, budget {budget:g} an episode of {episode_steps} steps."""

CURVES = "Evaluations along the way: {episodes} episodes every {every:,} steps; thin: seeds, thick: their mean"


def text(so_far: StudySoFar) -> str:
    """Return the page; at least one run is finished."""
    parts = [_head(so_far), *_all_tasks(so_far), *_grids(so_far)]
    for task, runs in so_far.results.items():
        parts += _task(so_far, task, runs)
    return "\n\n".join([*parts, *_conditions(so_far)]) + "\n"


def _head(so_far: StudySoFar) -> str:
    results, study = so_far.all_results, so_far.study
    return HEAD.format(
        name=study.name,
        finished=len(results),
        planned=len(so_far.states),
        steps=steps_text(min(run.steps for run in results), max(run.steps for run in results)),
        episodes=study.evaluation.episodes,
        seed=study.evaluation.seed,
        repetitions=REPETITIONS,
        command=so_far.command,
        directory=study.directory,
    )


def _all_tasks(so_far: StudySoFar) -> list[str]:
    comparison = so_far.comparison
    excluded = "".join(f"\n\nLeft out, {task}: {why}." for task, why in comparison.excluded.items())
    if not comparison.aggregates:
        return [f"## All tasks\n\nNo aggregate yet.{excluded}"]
    head = ALL_TASKS.format(reference=comparison.reference, excluded=excluded)
    figure = _figure(so_far, "all-tasks.png", "Interquartile means and their intervals")
    return [head, aggregate_table(comparison.aggregates), figure]


def _grids(so_far: StudySoFar) -> list[str]:
    parts = [GRID, return_and_cost(so_far.comparison), standing(so_far.comparison)]
    if table := oscillation(so_far.comparison):
        parts += ["Multiplier CV:", table]
    seeds = sorted({run.seed for run in so_far.all_results})
    for seed in seeds if len(seeds) > 1 else ():
        alone = so_far.of_seed(seed)
        parts += [f"Seed {seed} alone:", return_and_cost(alone), standing(alone)]
    return parts


def _task(so_far: StudySoFar, task: str, runs: Mapping[str, Sequence[RunResult]]) -> list[str]:
    last = next(reversed(list(runs.values())))[0]
    algorithm, trainer = last.configuration["algorithm"], last.configuration["trainer"]
    head = TASK.format(
        task=task,
        environment=last.configuration["environment"]["id"],
        budget=last.budget,
        episode_steps=algorithm["constraint"]["episode_steps"],
    )
    curves = CURVES.format(episodes=trainer["evaluation_episodes"], every=trainer["evaluate_every"])
    return [
        head,
        task_table(so_far.comparison, task),
        _figure(so_far, f"curves-{task}.png", curves),
        _figure(so_far, f"multipliers-{task}.png", "The multiplier in the same evaluations"),
        f"One of the runs by itself:\n\n{_indented(last.commands)}",
    ]


def _figure(so_far: StudySoFar, name: str, caption: str) -> str:
    return f"![{caption}](figures/{name})\n\n*{caption}. `{so_far.command}`*"


def _conditions(so_far: StudySoFar) -> list[str]:
    results = so_far.all_results
    members = [f"{name}: {' '.join(overrides) or 'as the task'}" for name, overrides in so_far.study.algorithms.items()]
    versions = [", ".join(f"{name} {version}" for name, version in run.libraries.items()) for run in results]
    parts = [
        "## Under which conditions",
        f"Algorithms, as overrides of each task's configuration:\n\n{_indented(members)}",
        _counted("Processors", [run.machine.get("processor", "unknown") for run in results]),
        _counted("Updates computed by", [run.machine.get("updates", "cpu") for run in results]),
        _counted("Versions", versions),
        _counted("Source of contract, learner and simulators (hash)", [run.code for run in results]),
    ]
    if diverged := [f"{run.task}/{run.algorithm}-{run.seed}: {run.diverged}" for run in results if run.diverged]:
        parts.append(f"## Diverged\n\nNo score, not within budget:\n\n{_indented(diverged)}")
    if refused := describe_refused(so_far.states):
        parts.append(
            f"## Left out\n\nOf another configuration than the study's, or damaged:\n\n{_indented(refused.splitlines())}"
        )
    return parts


def _counted(what: str, values: Iterable[str]) -> str:
    """Return which values there are, and in how many runs each."""
    lines = [f"- {value} ({count} runs)" for value, count in Counter(values).most_common()]
    return f"{what}:\n\n" + "\n".join(lines)


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
