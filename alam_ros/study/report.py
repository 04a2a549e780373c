"""The report of a study, drawn from its results alone: tables, figures, and the command behind each."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from alam_ros.errors import StudyError
from alam_ros.host.files import write_atomically
from alam_ros.report.theme import LIGHT, png, styled
from alam_ros.study.config import REPORT
from alam_ros.study.figures import intervals, learning_curves, multipliers
from alam_ros.study.figures.traces import TaskRuns
from alam_ros.study.so_far import StudySoFar
from alam_ros.study.state import describe_refused
from alam_ros.study.tables import cell_records, csv_text, run_records
from alam_ros.study.text import text
from alam_ros.typed import finite, to_mapping


def write_report(so_far: StudySoFar) -> Path:
    """Write `report.md`, `comparison.json`, two CSV files and the figures; return the path of the first.

    Raises:
        StudyError: when no run is finished yet.
    """
    directory = Path(so_far.study.directory) / REPORT
    if not so_far.results:
        found = f"none of {len(so_far.states)}\n{describe_refused(so_far.states)}".strip()
        raise StudyError(f"at least one finished run in `{so_far.study.directory}`", found, "run the study first")
    (directory / "figures").mkdir(parents=True, exist_ok=True)
    with styled(LIGHT):
        for name, figure in _figures(so_far).items():
            write_atomically(directory / "figures" / name, png(figure))
    document = {"study": so_far.study.name, "command": so_far.command, **to_mapping(so_far.comparison)}
    for name, content in {
        "comparison.json": json.dumps(finite(document), indent=1, allow_nan=False) + "\n",
        "comparison.csv": csv_text(cell_records(so_far.comparison.cells)),
        "runs.csv": csv_text(run_records(so_far.all_results)),
        "report.md": text(so_far),
    }.items():
        write_atomically(directory / name, content.encode())
    return directory / "report.md"


def _figures(so_far: StudySoFar) -> dict[str, Figure]:
    reference, figures = so_far.study.reference, {}
    if so_far.comparison.aggregates:
        figures["all-tasks.png"] = intervals.draw(LIGHT, so_far.comparison.aggregates, reference)
    for task, runs in so_far.results.items():
        data = TaskRuns(task=task, runs=runs, reference=reference)
        figures[f"curves-{task}.png"] = learning_curves.draw(LIGHT, data)
        figures[f"multipliers-{task}.png"] = multipliers.draw(LIGHT, data)
    return figures
