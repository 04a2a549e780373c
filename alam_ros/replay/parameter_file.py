"""Reads ROS parameter files without ROS, by the rules of rcl: which sections are a node's, and which of them wins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alam_ros.errors import ConfigurationError

PARAMETERS = "ros__parameters"
_WILDCARDS = {"**": r"(/\w+)*", "*": r"/\w+"}


@dataclass(frozen=True)
class Section:
    """The parameters that a file gives to some nodes.

    Attributes:
        name: full name of the node as the file has it, with its namespace and wildcards.
        parameters: by their full names: `limits: {low: …}` is `limits.low`.
    """

    name: str
    parameters: Mapping[str, Any]

    def is_of(self, node: str) -> bool:
        """Say whether a node, by its full name, takes these: `**` stands for any number of names, `*` for one."""
        pattern = "".join(_WILDCARDS.get(token, "/" + re.escape(token)) for token in self.name.strip("/").split("/"))
        return re.fullmatch(pattern, node) is not None

    def is_named(self, node: str) -> bool:
        """Say whether the section is of this node alone, and not of all in a namespace."""
        return self.name.rpartition("/")[2] == node.rpartition("/")[2]


def read_sections(path: Path) -> list[Section]:
    """Return the sections of a parameter file in its order; of two that give a node one parameter, the later counts.

    Raises:
        ConfigurationError: when it cannot be read.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError("a readable parameter file", f"{path}: {error.strerror}", "check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"YAML in {path}", str(error), "correct the file's syntax") from error
    return list(_sections(document, "")) if isinstance(document, dict) else []


def _sections(tree: Mapping[str, Any], prefix: str) -> Iterator[Section]:
    for name, value in tree.items():
        if name == PARAMETERS:
            yield Section(prefix, _flat(value) if isinstance(value, dict) else {})
        elif isinstance(value, dict):
            yield from _sections(value, f"{prefix}/{str(name).strip('/')}")


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
