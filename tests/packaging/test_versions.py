"""One version, wherever it is written."""

from __future__ import annotations

import re

import alam_ros
from tests.packaging.project import ROOT, package_xml, pyproject_value


def test_package_xml_has_the_version_of_the_module() -> None:
    assert package_xml().findtext("version") == alam_ros.__version__


def test_pyproject_has_the_version_of_the_module() -> None:
    assert pyproject_value("version") == alam_ros.__version__


def test_changelog_starts_with_the_version_of_the_module_or_what_comes_next() -> None:
    headings = re.findall(r"^(.+)\n-{3,}$", (ROOT / "CHANGELOG.rst").read_text(), re.MULTILINE)
    versions = [heading.split()[0] for heading in headings if heading != "Forthcoming"]
    assert headings[0] == "Forthcoming" or versions[0] == alam_ros.__version__
    assert versions in ([], sorted(versions, reverse=True))
