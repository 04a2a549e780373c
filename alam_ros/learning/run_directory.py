"""What a run leaves on disk, and where."""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from alam_ros.contract import Contract
from alam_ros.errors import CheckpointError, ConfigurationError
from alam_ros.host.files import write_atomically
from alam_ros.learning.config import TrainingConfig, training_config
from alam_ros.typed import to_mapping
from alam_ros.yaml_text import parse_yaml


class RunDirectory:
    """The layout of a run.

    Attributes:
        root: of everything.
        config: `config.yaml`, the resolved configuration.
        contract: `contract.yaml`, the environment's observation and action contract.
        versions: `versions.json`, Python, platform and every installed package of the last start.
        metrics: `metrics.jsonl`, one line an evaluation.
        probe: `probe.npz`, multiplier and cost value of fixed states through training.
        checkpoints, tensorboard: folders.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.config = self.root / "config.yaml"
        self.contract = self.root / "contract.yaml"
        self.versions = self.root / "versions.json"
        self.metrics = self.root / "metrics.jsonl"
        self.probe = self.root / "probe.npz"
        self.checkpoints = self.root / "checkpoints"
        self.tensorboard = self.root / "tensorboard"

    def has_run(self) -> bool:
        """Return whether a run was started here."""
        return self.config.is_file()

    def load_config(self) -> TrainingConfig:
        """Read the resolved configuration.

        Raises:
            CheckpointError: when there is no run here, or its file is no YAML.
            ConfigurationError: when the file was changed into something that is not a configuration.
        """
        if not self.has_run():
            raise CheckpointError(f"a run in `{self.root}`", "no config.yaml there", "check the path, or train first")
        try:
            document = parse_yaml(self.config.read_text())
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            found = " ".join(str(error).split())
            raise CheckpointError(f"YAML in `{self.config}`", found, "restore the file, or train anew elsewhere") from error
        return training_config(document)

    def load_contract(self) -> Contract:
        """Read the contract the policy is trained on."""
        return Contract.load(self.contract)

    def prepare(self, config: TrainingConfig, contract: Contract) -> None:
        """Describe the run in files."""
        write_atomically(self.versions, json.dumps(_versions(), indent=1, sort_keys=True).encode())
        write_atomically(self.contract, _yaml(contract.to_mapping()))
        write_atomically(self.config, _yaml(to_mapping(config)))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the directory and keep other processes from training here; the lock ends with this process, however it ends.

        Raises:
            ConfigurationError: when the directory cannot be made.
            CheckpointError: when another process trains here.
        """
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            stream = (self.checkpoints / ".lock").open("w")
        except OSError as error:
            found = f"{type(error).__name__}: {error.strerror}"
            raise ConfigurationError(f"`{self.root}` to be writable", found, "choose another directory") from error
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CheckpointError(
                    f"nobody training in `{self.root}`", "another process that does", "wait for it, or choose another directory"
                ) from None
            yield


def _versions() -> dict[str, Any]:
    packages = {distribution.name: distribution.version for distribution in importlib.metadata.distributions()}
    return {"python": platform.python_version(), "platform": platform.platform(), "packages": packages}


def _yaml(mapping: Mapping[str, Any]) -> bytes:
    text: str = yaml.safe_dump(mapping, sort_keys=False)
    return text.encode()
