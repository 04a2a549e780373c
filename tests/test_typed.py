from __future__ import annotations

from alam_ros.typed import flattened


def test_nested_mappings_become_dotted_keys_and_lists_stay_whole() -> None:
    nested = {"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "f": None, "g": {}}
    assert flattened(nested) == {"a.b.c": 1, "a.d": [{"e": 2}], "f": None}
