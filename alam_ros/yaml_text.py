"""YAML, of which whatever cannot be read is one error."""

from __future__ import annotations

import yaml


def parse_yaml(text: str, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> object:
    """Return what a text holds.

    Args:
        text: one document.
        loader: a safe one.

    Raises:
        yaml.YAMLError: for whatever is none; PyYAML itself answers a thirteenth month, say, with a ValueError.
    """
    try:
        return yaml.load(text, loader)  # noqa: S506  a safe loader
    except (ValueError, TypeError, RecursionError) as error:
        raise yaml.YAMLError(str(error)) from error
