from __future__ import annotations

from pathlib import Path

from alam_ros.cli.main import main
from alam_ros.study.result import read_result
from alam_ros.study.state import assess, describe_refused, discard
from alam_ros.study.worker import code_hash
from tests.study.support import planned, write_study


def test_a_run_of_another_configuration_is_named_and_discarded_only_on_demand(study: Path) -> None:
    write_study(study.parent, "trainer.batch_size=8")
    run = planned(study)[0]
    for file in (Path(run.result), run.directory / "result.json"):
        file.unlink()
    state = assess(run)
    assert state.condition == "changed"
    assert describe_refused([state]) == f"changed {run.key}: {run.directory} has other values of trainer.batch_size"
    discard(run)
    assert assess(run).condition == "new"
    assert not run.directory.exists()


def test_where_a_run_lives_and_how_often_it_is_saved_changes_nothing(study: Path) -> None:
    write_study(study.parent, "trainer.checkpoint_every=7")
    assert {assess(run).condition for run in planned(study)} == {"finished"}


def test_what_is_not_there_can_be_discarded(tmp_path: Path) -> None:
    run = planned(write_study(tmp_path))[0]
    discard(run)
    assert assess(run).condition == "new"


def test_a_damaged_configuration_is_refused(study: Path) -> None:
    run = planned(study)[0]
    for file in (Path(run.result), run.directory / "result.json"):
        file.unlink()
    for text in ("environment: 3\n", "environment: {id: [\n", ""):
        (run.directory / "config.yaml").write_text(text)
        assert assess(run).condition == "damaged"


def test_a_result_names_the_source_of_every_session_that_trained_it(study: Path) -> None:
    run = planned(study)[0]
    for file in (Path(run.result), run.directory / "result.json"):
        file.unlink()
    (run.directory / "code.txt").write_text("0123456789ab\n")
    assert main(["study", str(study), "--only", run.key]) == 0
    assert read_result(Path(run.result)).code == f"0123456789ab, {code_hash()}"
