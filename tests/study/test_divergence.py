"""A run whose learning diverges is a finding of the study: it is not tried again, and has no score."""

from __future__ import annotations

import math
from pathlib import Path

from alam_ros.study.result import read_result
from tests.study.support import planned, session, write_study
from tests.support.processes import TIMEOUT_S


def test_a_run_that_diverges_is_a_result_and_the_report_says_so(tmp_path: Path) -> None:
    path = write_study(tmp_path, "algorithm.critic_learning_rate=1e30", seeds=[0], algorithms={"sac": ["algorithm.name=sac"]})
    with session(path) as process:
        shown, errors = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0, errors
    assert "diverged after" in shown + errors
    (run,) = planned(path)
    result = read_result(Path(run.result))
    assert result is not None
    assert "NaN or infinity in" in str(result.diverged)
    assert not result.is_within_budget
    assert all(math.isnan(value) for value in (result.mean_return, result.mean_cost, result.tail_cost))
    report = (tmp_path / "results" / "report" / "report.md").read_text()
    assert "## Diverged" in report
    assert "navigation/sac-0: NaN or infinity in" in report
    written = Path(run.result).stat().st_mtime_ns
    with session(path) as process:
        assert process.wait(TIMEOUT_S) == 0
    assert Path(run.result).stat().st_mtime_ns == written, "it was not tried again"
