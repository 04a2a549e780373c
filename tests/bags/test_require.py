"""What a package that is missing is answered with."""

from __future__ import annotations

import pytest

from alam_ros.bags import require
from alam_ros.errors import BagError


def test_packages_that_are_missing_are_named_with_what_to_do() -> None:
    require("math", "json")
    with pytest.raises(BagError, match="no nowhere_a, nowhere_b; look elsewhere"):
        require("nowhere_a", "math", "nowhere_b", action="look elsewhere")
