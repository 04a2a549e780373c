"""Types of command-line arguments."""

from __future__ import annotations

import argparse


def positive_integer(text: str) -> int:
    """Return the number.

    Raises:
        ArgumentTypeError: when it is below 1.
        ValueError: when it is no integer.
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, found {number}")
    return number
