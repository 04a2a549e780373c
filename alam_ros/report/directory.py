"""What a demonstration leaves on disk; the stages write it, the report reads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from alam_ros.errors import ConfigurationError
from alam_ros.host.files import write_atomically


class DemoDirectory:
    """The layout of a demonstration's directory.

    Attributes:
        root: of everything.
        run: of the training.
        policy: the exported policy file.
        evaluation, reference: evaluations of the trained and of the shipped policy, JSON.
        drive: folder of the drive: `recording.jsonl`, `drive.json`, logs.
        facts: `demo.json`: machine, versions, commands, what failed.
        figures: folder of PNGs.
        report: the HTML file.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.run = self.root / "training"
        self.policy = self.root / "policy.alam"
        self.evaluation = self.root / "evaluation.json"
        self.reference = self.root / "reference.json"
        self.drive = self.root / "drive"
        self.recording = self.drive / "recording.jsonl"
        self.drive_facts = self.drive / "drive.json"
        self.logs = self.drive / "logs"
        self.facts = self.root / "demo.json"
        self.figures = self.root / "figures"
        self.report = self.root / "report.html"

    def make(self) -> None:
        """Make the root where it is not there yet.

        Raises:
            ConfigurationError: when it cannot be made.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            found = error.strerror or str(error)
            raise ConfigurationError(f"to make the folder `{self.root}`", found, "name another --directory") from error

    def clear(self) -> None:
        """Delete what a demonstration wrote here, and nothing else."""
        if not self.root.is_dir():
            return
        self.forget_results()
        for folder in (self.run, self.figures):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.policy, self.facts, self.report):
            file.unlink(missing_ok=True)

    def forget_results(self) -> None:
        """Delete evaluations and drive, which may be of another policy."""
        shutil.rmtree(self.drive, ignore_errors=True)
        for file in (self.evaluation, self.reference):
            file.unlink(missing_ok=True)


def write_json(path: Path, document: Any) -> None:
    """Write a JSON document, whole or not at all."""
    write_atomically(path, json.dumps(document, indent=1, allow_nan=False).encode())


def read_json(path: Path) -> Any:
    """Return a JSON document, or None where there is no file."""
    return json.loads(path.read_text()) if path.is_file() else None
