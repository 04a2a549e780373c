"""What the package's files declare."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import alam_ros

ROOT = Path(__file__).resolve().parents[2]


def package_xml() -> ET.Element:
    return ET.parse(ROOT / "package.xml").getroot()  # noqa: S314  our own file


def pyproject_value(key: str) -> str:
    """Return the first `key = "value"` of pyproject.toml (Python 3.10 has no TOML reader)."""
    return re.search(rf'^{key} = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]


def copy_of_the_sources(destination: Path) -> Path:
    """Copy what git would take (tracked, or new and not ignored), so that a build leaves nothing in the working tree."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            target = destination / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
            target.chmod((ROOT / name).stat().st_mode)
    return destination


def package_version() -> str:
    return alam_ros.__version__
