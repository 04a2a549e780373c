"""Everything a demonstration left on disk, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.report.directory import DemoDirectory, read_json
from alam_ros.report.drive_data import DriveData


@dataclass(frozen=True)
class Material:
    """What the report is made of; parts that no stage left are None or empty.

    Attributes:
        facts: `demo.json`.
        config: of the training.
        metrics: lines of `metrics.jsonl`.
        evaluation, reference: of the demonstrated and of the shipped policy.
        drive: the recorded drive.
    """

    facts: Mapping[str, Any]
    config: TrainingConfig | None
    metrics: list[dict[str, Any]]
    evaluation: Mapping[str, Any] | None
    reference: Mapping[str, Any] | None
    drive: DriveData | None

    @classmethod
    def load(cls, directory: DemoDirectory) -> Material:
        """Read what is there."""
        run, facts = RunDirectory(directory.run), read_json(directory.facts)
        is_trained = facts["is_trained_here"] and run.has_run()
        return cls(
            facts=facts,
            config=run.load_config() if is_trained else None,
            metrics=read_metrics(run.metrics) if is_trained else [],
            evaluation=read_json(directory.evaluation),
            reference=read_json(directory.reference),
            drive=DriveData.load(directory),
        )

    @property
    def shipped(self) -> Mapping[str, Any]:
        """Return the figures that come with the reference policy; empty without."""
        return self.facts["shipped"] or {}

    @property
    def sac(self) -> Mapping[str, Any] | None:
        """Return the shipped figures of unconstrained SAC, if there are any."""
        return self.shipped.get("sac")

    def why_missing(self, stage: str) -> str:
        """Return the reason why a stage left nothing."""
        if stage in self.facts["failures"]:
            return f"The stage failed: {self.facts['failures'][stage]}"
        return str(self.facts["missing"].get(stage, "The stage before it did not come to its end."))
