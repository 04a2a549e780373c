"""Types of command-line arguments."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

LARGEST_DEVIATION = 1000.0


def positive_integer(text: str) -> int:
    """Return the number.

    Raises:
        ArgumentTypeError: when it is below 1.
        ValueError: when it is no integer.
    """
    return _at_least(1, text)


def seed(text: str) -> int:
    """Return the number.

    Raises:
        ArgumentTypeError: when it is below 0.
        ValueError: when it is no integer.
    """
    return _at_least(0, text)


def non_negative_number(text: str) -> float:
    """Return the number.

    Raises:
        ArgumentTypeError: when it is below 0 or not finite.
        ValueError: when it is no number.
    """
    number = float(text)
    if not (math.isfinite(number) and number >= 0.0):
        raise argparse.ArgumentTypeError(f"expected a finite number of at least 0, found {text}")
    return number


def action_deviation(text: str) -> float:
    """Return the standard deviation of noise on actions, which lie in [-1, 1].

    Raises:
        ArgumentTypeError: when it is below 0 or so large that every action would be -1 or 1.
        ValueError: when it is no number.
    """
    number = non_negative_number(text)
    if number > LARGEST_DEVIATION:
        raise argparse.ArgumentTypeError(f"expected at most {LARGEST_DEVIATION:g}, of actions from -1 to 1, found {text}")
    return number


def positive_number(text: str) -> float:
    """Return the number.

    Raises:
        ArgumentTypeError: when it is not above 0, or not finite.
        ValueError: when it is no number.
    """
    number = float(text)
    if not (math.isfinite(number) and number > 0.0):
        raise argparse.ArgumentTypeError(f"expected a finite number above 0, found {text}")
    return number


def interpreter(text: str) -> Path:
    """Return the path of a Python interpreter.

    Raises:
        ArgumentTypeError: when there is no such file.
    """
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"expected a Python interpreter, found nothing at {text}")
    return path


def distinct_names(text: str) -> list[str]:
    """Return the names of a list such as `sac,cal`.

    Raises:
        ArgumentTypeError: when one appears twice, or is empty.
    """
    names = text.split(",")
    if len(set(names)) < len(names) or not all(names):
        raise argparse.ArgumentTypeError(f"expected different names, found {text}")
    return names


def new_file(text: str) -> Path:
    """Return the path of a file to be written, so that hours of work do not end in a folder that is not there.

    Raises:
        ArgumentTypeError: when its folder does not exist, or it is a folder itself.
    """
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file to write, found the folder {text}")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file in a folder that exists, found {text}")
    return path


def new_folder(text: str) -> Path:
    """Return the path of a folder to be written to, made where it is not there yet.

    Raises:
        ArgumentTypeError: when it is a file, or below one.
    """
    path = Path(text)
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not existing.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder, found the file {existing}")
    return path


def _at_least(least: int, text: str) -> int:
    number = int(text)
    if number < least:
        raise argparse.ArgumentTypeError(f"expected at least {least}, found {number}")
    return number


def distinct_seeds(text: str) -> list[int]:
    """Return the seeds of a list such as `0,1,2`.

    Raises:
        ArgumentTypeError: when one is below 0 or appears twice.
        ValueError: when one is no integer.
    """
    seeds = [int(part) for part in text.split(",")]
    if min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(f"expected different seeds of at least 0, found {text}")
    return seeds
