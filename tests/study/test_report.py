from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from alam_ros.cli.main import main
from alam_ros.errors import StudyError
from alam_ros.report.theme import LIGHT
from alam_ros.study.config import StudyConfig
from alam_ros.study.figures import learning_curves, multipliers
from alam_ros.study.figures.traces import TaskRuns, colours, mean_over_seeds, series
from alam_ros.study.report import write_report
from alam_ros.study.result import RunResult
from alam_ros.study.so_far import StudySoFar
from alam_ros.study.state import RunState
from alam_ros.typed import from_mapping
from tests.study.support import make_result, planned, smoke_mapping, write_study


def so_far(folder: Path, results: list[RunResult], **changes: object) -> StudySoFar:
    """Return the smoke study with these results for its runs, and nothing for the others."""
    study = from_mapping(StudyConfig, smoke_mapping(folder, **changes))
    known = {(result.task, result.algorithm, result.seed): result for result in results}
    states = []
    for run in planned(write_study(folder, **changes)):
        result = known.get((run.task, run.algorithm, run.seed))
        states.append(RunState(run=run, condition="finished" if result else "new", result=result))
    return StudySoFar(study=study, source="my study.yaml", states=states)


def on_navigation(**runs: list[RunResult]) -> TaskRuns:
    return TaskRuns(task="navigation", runs=runs, reference="sac")


@pytest.fixture
def results() -> list[RunResult]:
    return [
        make_result("sac", 0, episode_return=100.0, cost=30.0, multiplier=0.0),
        make_result("sac", 1, episode_return=120.0, cost=34.0, multiplier=0.0),
        make_result("sac_alam", 0, episode_return=95.0, cost=6.0),
        make_result("sac_alam", 1, episode_return=105.0, cost=8.0),
    ]


def test_the_page_says_what_was_measured_and_under_which_budget(tmp_path: Path, results: list[RunResult]) -> None:
    page = write_report(so_far(tmp_path, results)).read_text()
    assert "4 of 4 runs are finished" in page
    assert "300 environment steps a run" in page
    assert "| sac | 300 | 0 1 | 110.0 [100.0, 120.0] | 14.1 | 100% | 32.0 [30.0, 34.0] | 2.8 | 34.0 | 32.0 | no, 0 of 2 |" in page
    assert "| – | – | 0.17 |" in page  # plain SAC has no multiplier
    ours = "| **sac_alam** | 300 | 0 1 | 100.0 [95.0, 105.0] | 7.1 | 91% | 7.0 [6.0, 8.0] | 1.4 | 8.0 | 7.0 | yes, 2 of 2 |"
    assert ours in page
    assert "| sac_alam | 1 | 2 | 0.91 [0.86, 0.95] | 0.70 [0.60, 0.80] | 2 of 2 | 1 of 1 |" in page


def test_one_table_holds_all_tasks_and_algorithms_and_one_each_seed(tmp_path: Path, results: list[RunResult]) -> None:
    page = write_report(so_far(tmp_path, results)).read_text()
    row = "| navigation, `alam/Navigation-v0` (10) |"
    assert f"{row} 110.0 ± 14.1 / *34.0* / 32.0 | **100.0** ± 7.1 / 8.0 / 7.0 |" in page
    assert f"{row} 120.0 / *34.0* / 34.0 | **105.0** / 8.0 / 8.0 |" in page.partition("Seed 1 alone:")[2]
    assert "within the budget has sac_alam on 1 of 1." in page


def test_the_grid_of_an_unfinished_study_has_gaps_and_says_that_nobody_is_safe(tmp_path: Path, results: list[RunResult]) -> None:
    costly = replace(results[3], summary={"return_mean": 2345.6, "cost_mean": 11.0})
    page = write_report(so_far(tmp_path, [results[0], costly])).read_text()
    assert "(10) | 100.0 / *30.0* / 30.0 | 2346 / *11.0* / 8.0 |" in page
    assert "(10) | 2346 / *11.0* / 8.0 |" in page.partition("Seed 1 alone:")[2]
    assert "has on no task anybody." in page


def test_multipliers_that_were_recorded_have_their_oscillation_in_a_table(tmp_path: Path, results: list[RunResult]) -> None:
    recorded = [replace(run, oscillation={"multiplier": {"variation": 0.25}}) for run in results]
    page = write_report(so_far(tmp_path, recorded)).read_text()
    assert "| task (budget) | sac_alam |\n| --- | --- |\n| navigation, `alam/Navigation-v0` (10) | 0.25 |" in page
    assert "Multiplier CV:" not in write_report(so_far(tmp_path, results)).read_text()


def test_every_figure_exists_and_has_its_command_under_it(tmp_path: Path, results: list[RunResult]) -> None:
    path = write_report(so_far(tmp_path, results))
    lines = path.read_text().splitlines()
    figures = [(index, re.fullmatch(r"!\[.*\]\((.*)\)", line)) for index, line in enumerate(lines) if line.startswith("![")]
    names = []
    for index, match in figures:
        assert match is not None
        names.append(match[1])
        assert (path.parent / match[1]).read_bytes().startswith(b"\x89PNG")
        assert "`alam study 'my study.yaml' --report`" in lines[index + 2]
    assert names == ["figures/all-tasks.png", "figures/curves-navigation.png", "figures/multipliers-navigation.png"]


def test_tables_for_programs_hold_the_same(tmp_path: Path, results: list[RunResult]) -> None:
    folder = write_report(so_far(tmp_path, results)).parent
    with (folder / "runs.csv").open() as stream:
        runs = list(csv.DictReader(stream))
    assert [(run["algorithm"], run["seed"], float(run["cost_mean"]), run["within_budget"]) for run in runs] == [
        ("sac", "0", 30.0, "False"),
        ("sac", "1", 34.0, "False"),
        ("sac_alam", "0", 6.0, "True"),
        ("sac_alam", "1", 8.0, "True"),
    ]
    assert {run["mujoco"] for run in runs} == {"3.3.7"}
    with (folder / "comparison.csv").open() as stream:
        cells = list(csv.DictReader(stream))
    assert (float(cells[1]["return_iqm"]), int(cells[1]["steps_low"]), cells[1]["seeds"]) == (100.0, 300, "0 1")
    document = json.loads((folder / "comparison.json").read_text())
    assert document["command"] == "alam study 'my study.yaml' --report"
    assert document["cells"][1]["episode_return"] == {"value": 100.0, "low": 95.0, "high": 105.0, "runs": 2}


def test_a_report_can_be_repeated_to_the_last_byte(tmp_path: Path, results: list[RunResult]) -> None:
    study = so_far(tmp_path, results)
    folder = write_report(study).parent
    before = {file.name: file.read_bytes() for file in folder.rglob("*.*")}
    write_report(study)
    assert {file.name: file.read_bytes() for file in folder.rglob("*.*")} == before


def test_an_unfinished_study_says_how_much_is_missing(tmp_path: Path, results: list[RunResult]) -> None:
    page = write_report(so_far(tmp_path, results[2:3])).read_text()
    assert "1 of 4 runs are finished" in page
    assert "No aggregate yet." in page
    assert "Left out, navigation: no finished run of sac." in page
    assert "| **sac_alam** | 300 | 0 | 95.0 | – | – | 6.0 | – | 6.0 | 6.0 | yes, 1 of 1 |" in page


def test_runs_of_different_code_and_machines_are_told_apart(tmp_path: Path, results: list[RunResult]) -> None:
    results[0] = replace(results[0], code="another hash", machine={"processor": "another processor"})
    page = write_report(so_far(tmp_path, results)).read_text()
    assert "- another hash (1 runs)" in page
    assert "- 0123456789ab (3 runs)" in page
    assert "- another processor (1 runs)" in page


def test_what_is_left_out_is_named(tmp_path: Path, results: list[RunResult]) -> None:
    study = so_far(tmp_path, results[:3])
    changed = replace(study.states[3], condition="changed", found="here has other values of trainer.steps")
    page = write_report(replace(study, states=[*study.states[:3], changed])).read_text()
    assert "    changed navigation/sac_alam-1: here has other values of trainer.steps" in page


def test_without_a_finished_run_there_is_nothing_to_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StudyError, match="run the study first"):
        write_report(so_far(tmp_path, []))
    assert main(["study", str(write_study(tmp_path)), "--report"]) == 2
    assert "expected at least one finished run" in capsys.readouterr().err


def test_curves_show_every_seed_their_mean_and_the_budget(results: list[RunResult]) -> None:
    figure = learning_curves.draw(LIGHT, on_navigation(sac=results[:2], sac_alam=results[2:]))
    reward, cost = figure.axes
    assert [list(line.get_ydata()) for line in reward.lines][:3] == [[100.0] * 3, [120.0] * 3, [110.0] * 3]
    assert list(cost.lines[-1].get_ydata()) == [10.0, 10.0]
    assert cost.get_legend().get_texts()[-1].get_text() == "budget 10"
    assert cost.get_ylim()[1] > 34.0


def test_multipliers_that_ran_away_stay_in_the_picture(results: list[RunResult]) -> None:
    wild = [make_result("fac", 0, multiplier=1e5)]
    figure = multipliers.draw(LIGHT, on_navigation(fac=wild, sac_alam=results[2:]))
    for panel in figure.axes:
        assert panel.get_ylim()[1] > 1e5
        assert panel.get_yscale() == "symlog"


def test_an_algorithm_without_a_multiplier_is_not_drawn(results: list[RunResult]) -> None:
    figure = multipliers.draw(LIGHT, on_navigation(sac=results[:2], sac_alam=results[2:]))
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["sac_alam"]


def test_the_mean_is_taken_where_every_seed_was_evaluated() -> None:
    runs = [make_result("a", 0, episode_return=1.0, steps=(100, 200, 250)), make_result("a", 1, episode_return=3.0)]
    steps, means = mean_over_seeds([series(run.progress, "return_mean") for run in runs])
    assert (steps.tolist(), means.tolist()) == ([100, 200], [2.0, 2.0])


def test_algorithms_have_colours_of_their_own_however_many_there_are() -> None:
    names = ["sac", *(f"a{index}" for index in range(15))]
    styles = colours(LIGHT, names, "sac")
    assert list(styles) == names
    assert len(set(styles.values())) == len(names)


def test_a_run_that_diverged_is_shown_as_such_and_is_not_safe(tmp_path: Path, results: list[RunResult]) -> None:
    results[3] = make_result("sac_alam", 1, episode_return=math.nan, cost=math.nan)
    results[3] = RunResult.from_json(results[3].to_json(), "here")
    path = write_report(so_far(tmp_path, results))
    assert "| sac_alam | 300 | 0 1 | nan" in path.read_text()
    assert "no, 1 of 2" in path.read_text()
    assert json.loads((path.parent / "comparison.json").read_text())["cells"][1]["episode_return"]["value"] is None
