from __future__ import annotations

import json
import math

import pytest

from alam_ros.typed import finite, flattened


def test_nested_mappings_become_dotted_keys_and_lists_stay_whole() -> None:
    nested = {"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "f": None, "g": {}}
    assert flattened(nested) == {"a.b.c": 1, "a.d": [{"e": 2}], "f": None}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_know_is_null_however_deep(value: float) -> None:
    document = finite({"a": value, "b": (1.0, value), "c": [{"d": value}], "e": "nan", "f": 2})
    assert document == {"a": None, "b": [1.0, None], "c": [{"d": None}], "e": "nan", "f": 2}
    assert json.loads(json.dumps(document, allow_nan=False)) == document
