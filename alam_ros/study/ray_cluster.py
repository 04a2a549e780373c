"""Where runs are performed: on a Ray cluster, an optional extra.

Each run is an actor that holds the very process a local run has. Results come back over Ray; checkpoints stay in the same folder
on the machine that made them, so a run continues from its checkpoint where machines share that folder, and begins anew where not.
"""

from __future__ import annotations

import importlib
import os
import socket
from pathlib import Path
from typing import Any

from alam_ros.errors import ConfigurationError, StudyError
from alam_ros.study.executor import RunHandle
from alam_ros.study.plan import PlannedRun
from alam_ros.study.run_process import LOST, RunProcess, RunStatus
from alam_ros.typed import to_mapping

CONNECTION_TIMEOUT_S = 5.0


class RayExecutor:
    """Actors on a Ray cluster, each of which asks for one processor.

    Replaces this process's SIGTERM handler (Ray does), so make it before installing another.

    Args:
        address: of the cluster; "local" for one of our own, for as long as this object lives; None for `RAY_ADDRESS`, else the
            one that was started on this machine, else one of our own.
        slots: runs at a time; None for as many as the cluster has processors.

    Attributes:
        slots: runs at a time.

    Raises:
        ConfigurationError: when Ray is not installed.
        StudyError: when there is no cluster at the address.
    """

    def __init__(self, address: str | None = None, slots: int | None = None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            self._ray: Any = importlib.import_module("ray")
        except ImportError as error:
            raise ConfigurationError(
                "Ray to be installed", str(error), "`pip install --editable '.[ray]'` in a clone of alam_ros, or run locally"
            ) from error
        _check_reachable(address)
        options = {"logging_level": "warning", "log_to_driver": False}
        try:
            self._ray.init(address=address, include_dashboard=False if address in (None, "local") else None, **options)
        except ConnectionError as error:
            found = " ".join(str(error).split())
            raise StudyError(f"a Ray cluster at `{address}`", found, "start one with `ray start --head`") from error
        self.slots = slots or max(int(self._ray.cluster_resources().get("CPU", 1)), 1)
        self._actor = self._ray.remote(num_cpus=1, max_restarts=0)(RunProcess)

    def start(self, run: PlannedRun) -> RunHandle:
        """Start a run where a processor is free, or as soon as one is."""
        return _RayRun(self._ray, self._actor.remote(to_mapping(run), str(Path.cwd())))

    def close(self) -> None:
        """Leave the cluster; ends one of our own."""
        self._ray.shutdown()


def _check_reachable(address: str | None) -> None:
    """Refuse `host:port` where nobody listens, for which Ray itself would wait many minutes.

    Raises:
        StudyError: when nobody listens there.
    """
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return  # a name that Ray resolves itself
    try:
        socket.create_connection((host, int(port)), timeout=CONNECTION_TIMEOUT_S).close()
    except OSError as error:
        raise StudyError(f"a Ray cluster at `{address}`", str(error), "start one with `ray start --head`") from error


class _RayRun:
    """A run as an actor; never waits for the cluster."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor
        self._last = RunStatus()
        self._has_begun = False
        self._answer = actor.poll.remote()

    def poll(self) -> RunStatus:
        """Return the last known status and ask for the next one."""
        ready, _ = self._ray.wait([self._answer], timeout=0)
        if not ready:
            return self._last
        try:
            self._last = self._ray.get(self._answer)
        except self._ray.exceptions.RayActorError as error:
            self._last = RunStatus(exit_status=LOST, last_words=" ".join(str(error).split()))
        except self._ray.exceptions.RayTaskError as error:
            self._last = RunStatus(exit_status=1, last_words=str(error))
        self._has_begun = True
        if self._last.exit_status is None:
            self._answer = self._actor.poll.remote()
        else:
            self._ray.kill(self._actor)
        return self._last

    def request_stop(self) -> None:
        """Ask it to save and end, or forget it where it never began."""
        if self._has_begun:
            self._actor.request_stop.remote()
        else:
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._ray.kill(self._actor)
