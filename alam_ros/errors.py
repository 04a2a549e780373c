"""Every error this package raises on purpose.

Each message says what was expected, what was found and what to do about it, so that a log line alone is enough to act on.
"""

from __future__ import annotations

from typing import overload


class AlamError(Exception):
    """Base of all errors raised on purpose.

    Args:
        expected: what would have been right; or an error, of which this one is to be a copy: Gymnasium raises what a simulator's
            process raised as `type(error)(error)`.
        found: what was there instead.
        remedy: what the reader should do.
    """

    @overload
    def __init__(self, expected: str, found: str, remedy: str) -> None: ...

    @overload
    def __init__(self, expected: AlamError) -> None: ...

    def __init__(self, expected: str | AlamError, found: str = "", remedy: str = "") -> None:
        self.expected: str
        self.found: str
        self.remedy: str
        if isinstance(expected, AlamError):
            self.expected, self.found, self.remedy = expected.expected, expected.found, expected.remedy
        else:
            self.expected, self.found, self.remedy = expected, found, remedy
        super().__init__(f"expected {self.expected}; found {self.found}; {self.remedy}")

    def __reduce__(self) -> tuple[type[AlamError], tuple[str, str, str]]:
        """Pickle by the three parts, so that worker processes can hand the error on."""
        return type(self), (self.expected, self.found, self.remedy)


class ConfigurationError(AlamError):
    """A configuration file or an override has an unknown, missing or ill-typed key."""


class ContractError(AlamError):
    """An observation or action contract is inconsistent, or does not fit what it is used with."""


class ObservationError(AlamError):
    """A sample cannot become an observation: missing, of the wrong shape or frame, or not finite."""


class PolicyFileError(AlamError):
    """A policy file is damaged, of another schema, or does not reproduce its golden vectors."""


class CheckpointError(AlamError):
    """A training checkpoint is missing, damaged or belongs to another configuration."""


class SimulatorError(AlamError):
    """A simulator is not installed, of a version that does not work, or used wrongly."""


class ProcessError(AlamError):
    """A process that was started does not do its work, or none can be started."""


class StudyError(AlamError):
    """A result of a study is damaged, of another configuration, or cannot be written."""


class BagError(AlamError):
    """A recorded drive is missing, damaged, of an unknown kind, or lacks what is asked of it."""


class LaunchError(AlamError):
    """A node that a launch cannot do without ended, or refused to work."""


class BenchmarkError(AlamError):
    """What a benchmark measures is not installed, or ended."""
