"""Reads ROS parameter files without ROS, by the rules of rcl: which sections are a node's, and which of them wins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from alam_ros.errors import ConfigurationError
from alam_ros.typed import flattened
from alam_ros.yaml_text import parse_yaml

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


def full_name(namespace: str, node: str) -> str:
    """Return a node's name with its namespace, which may be empty and may begin or end with a slash."""
    return f"/{namespace.strip('/')}".rstrip("/") + f"/{node}"


def read_sections(path: Path) -> list[Section]:
    """Return the sections of a parameter file in its order; of two that give a node one parameter, the later counts.

    Raises:
        ConfigurationError: when it cannot be read.
    """
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError("a readable parameter file", f"{path}: {error.strerror}", "check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"YAML in the parameter file {path}", str(error), "correct the file's syntax") from error
    return list(_sections(document, "")) if isinstance(document, dict) else []


def require_sections(sections: Collection[Section], nodes: Collection[str], path: Path) -> None:
    """Refuse a file of which nodes would take nothing though it is meant for them: ROS goes on with the defaults in silence.

    Args:
        sections: of the file.
        nodes: full names of those that may take them; each needs a section only where the file has one of its name.
        path: of the file, for messages.

    Raises:
        ConfigurationError: when no section is of any node, a node's are for other namespaces only, or a name is misspelt.
    """
    found = ", ".join(f"`{section.name}`" for section in sections) or f"none with `{PARAMETERS}`"
    served = {name for name in nodes if any(section.is_of(name) for section in sections)}
    lost = [name for name in nodes if name not in served and any(section.is_named(name) for section in sections)]
    if lost or not served:
        expected = f"a section for {' or '.join(f'`{name}`' for name in lost or nodes)} in {path}"
        raise ConfigurationError(expected, found, "begin it with `/**/` or the namespace, as config/robot.yaml does")
    known = {name.rpartition("/")[2] for name in nodes}
    for section in sections:
        name = section.name.rpartition("/")[2]
        alike = get_close_matches(name, known, n=1, cutoff=0.9)
        if name not in known and alike:
            raise ConfigurationError(f"nodes named {', '.join(sorted(known))} in {path}", f"`{name}`", f"write `{alike[0]}`")


def _sections(tree: Mapping[str, Any], prefix: str) -> Iterator[Section]:
    for name, value in tree.items():
        if name == PARAMETERS:
            yield Section(prefix, flattened(value) if isinstance(value, dict) else {})
        elif isinstance(value, dict):
            yield from _sections(value, f"{prefix}/{str(name).strip('/')}")
