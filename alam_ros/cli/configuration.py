"""Training configurations from files, run directories and overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import TrainingConfig, training_config
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.resources import given_or_shipped
from alam_ros.typed import flattened, with_override
from alam_ros.yaml_text import parse_yaml
from alam_sim.registry import learning_arguments


def load_configuration(source: str, overrides: Sequence[str], directory: str | None = None) -> TrainingConfig:
    """Read a configuration and apply `dotted.key=value` overrides.

    Args:
        source: a YAML file, the name of one that comes with the package (such as `navigation`), or a run directory, whose
            configuration then points at that directory. What it does not say about the environment is what `alam_sim` recommends
            for learning; a run has it on record.
        overrides: applied in order; the values are YAML.
        directory: where the run goes, as it is; None for what configuration and overrides say.

    Raises:
        ConfigurationError: when there is no such file, it is not YAML, or a key is unknown or ill-typed; when an override changes
            what a run has derived other keys from.
    """
    path = Path(source)
    if path.is_dir():
        mapping = read_mapping(RunDirectory(path).config)
        recorded = _derived_from(mapping)
        with_override(mapping, f"trainer.directory={path}", str)
        _override(mapping, overrides, directory)
        _require_as_recorded(recorded, _derived_from(mapping), path)
        return training_config(mapping)
    mapping = read_mapping(given_or_shipped("train", source))
    _override(mapping, overrides, directory)
    config = training_config(mapping)
    environment = config.environment
    arguments = {**learning_arguments(environment.id), **environment.arguments}
    return replace(config, environment=replace(environment, arguments=arguments))


def _override(mapping: dict[str, Any], overrides: Sequence[str], directory: str | None) -> None:
    for assignment in overrides:
        with_override(mapping, assignment, parse_value)
    if directory is not None:
        with_override(mapping, f"trainer.directory={directory}", str)


def _derived_from(mapping: Mapping[str, Any]) -> dict[str, object]:
    """Return what other keys of a run's configuration, such as `multiplier.rule` and `cost_discount`, were derived from."""
    keys = flattened(mapping)
    return {key: keys.get(key) for key in ("algorithm.name", "algorithm.constraint.cost_horizon")}


def _require_as_recorded(recorded: Mapping[str, object], wanted: Mapping[str, object], path: Path) -> None:
    changed = [key for key in recorded if recorded[key] != wanted[key]]
    if changed:
        key = changed[0]
        raise ConfigurationError(
            f"`{key}` of the run in `{path}`, {recorded[key]}, from which other keys of its configuration were derived",
            str(wanted[key]),
            "begin with the configuration file that the run was trained by",
        )


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
