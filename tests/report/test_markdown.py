from __future__ import annotations

from alam_ros.report.markdown import markdown_table


def test_a_table_cannot_be_broken_by_its_cells() -> None:
    assert markdown_table(("a", "b"), [("1|2", "3")]) == "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"
