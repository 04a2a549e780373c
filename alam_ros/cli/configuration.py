"""Training configurations from files, run directories and overrides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import TrainingConfig, training_config
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.resources import given_or_shipped
from alam_ros.typed import with_override
from alam_ros.yaml_text import parse_yaml
from alam_sim.registry import learning_arguments


def load_configuration(source: str, overrides: Sequence[str]) -> TrainingConfig:
    """Read a configuration and apply `dotted.key=value` overrides.

    Args:
        source: a YAML file, the name of one that comes with the package (such as `navigation`), or a run directory, whose
            configuration then points at that directory. What it does not say about the environment is what `alam_sim` recommends
            for learning; a run has it on record.
        overrides: applied in order; the values are YAML.

    Raises:
        ConfigurationError: when there is no such file, it is not YAML, or a key is unknown or ill-typed.
    """
    path = Path(source)
    if path.is_dir():
        return _configured(RunDirectory(path).config, [f"trainer.directory={path}", *overrides])
    config = _configured(given_or_shipped("train", source), overrides)
    environment = config.environment
    arguments = {**learning_arguments(environment.id), **environment.arguments}
    return replace(config, environment=replace(environment, arguments=arguments))


def _configured(path: Path, overrides: Sequence[str]) -> TrainingConfig:
    mapping = read_mapping(path)
    for assignment in overrides:
        with_override(mapping, assignment, parse_value)
    return training_config(mapping)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file.

    Raises:
        ConfigurationError: when there is no such file, or it holds something else.
    """
    try:
        document = parse_yaml(path.read_text())
    except OSError as error:
        raise ConfigurationError(f"a configuration in `{path}`", error.strerror or str(error), "check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"YAML in `{path}`", " ".join(str(error).split()), "correct the file") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"a mapping in `{path}`", repr(document), "see config for examples")
    return document


def parse_value(text: str) -> object:
    """Read the value of an override.

    Raises:
        ConfigurationError: when it is not YAML.
    """
    try:
        return parse_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigurationError("a YAML value after `=`", f"`{text}`", "quote it") from error
