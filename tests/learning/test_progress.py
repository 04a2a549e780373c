"""What a person sees of a run."""

from __future__ import annotations

import io

from alam_ros.learning.progress import Progress


def test_a_run_that_went_a_few_steps_beyond_its_end_has_no_time_left() -> None:
    stream = io.StringIO()
    progress = Progress(100, 0, stream)
    progress.advance(104)
    progress.line("done")
    assert stream.getvalue() == " 104/100 steps, 00:00 left | done\n"
