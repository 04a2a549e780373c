"""Where the files that come with the package lie: contracts, training configurations, node parameters, message definitions.

An ament installation and a wheel both put them under `<prefix>/share/alam_ros`, with this module somewhere below the same prefix;
a checkout (and whatever links to it) has them beside the package. So one rule finds them, without ROS and without pip.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alam_ros.errors import ConfigurationError


def config_path(relative: str | Path) -> Path:
    """Return the path of a configuration file of this package.

    Args:
        relative: path inside the package's `config` folder, such as `contracts/navigation.yaml`.

    Raises:
        ConfigurationError: when no such file is installed.
    """
    folders = tuple(_folders("config"))
    for folder in folders:
        if (folder / relative).is_file():
            return folder / relative
    existing = sorted(str(folder) for folder in folders if folder.is_dir())
    raise ConfigurationError(
        f"the configuration file `{relative}`", f"none in {existing}", "check the name, or install alam_ros again"
    )


def given_or_shipped(kind: str, source: str) -> Path:
    """Return the path of a configuration that a user gives as a file, or by the name of one that comes with the package.

    Args:
        kind: `train` or `study`, the folder of those that come with the package.
        source: path or name.

    Raises:
        ConfigurationError: when it is neither; the names are listed.
    """
    path = Path(source)
    if path.is_file():
        return path
    shipped = {file.stem: file for folder in _folders("config") for file in (folder / kind).glob("*.yaml")}
    if source not in shipped:
        found = f"`{source}`, which is no file and none of {', '.join(sorted(shipped)) or 'none'}"
        raise ConfigurationError(
            f"a file, or the name of a configuration in config/{kind}", found, "correct the path or the name"
        )
    return shipped[source]


def shipped_policy(name: str) -> Path | None:
    """Return the path of a policy file that comes with this package, or None where it has none of that name.

    Args:
        name: of the task, such as `navigation`.
    """
    files = (folder / f"{name}.alam" for folder in _folders("policies"))
    return next((file for file in files if file.is_file()), None)


def message_definitions() -> tuple[Path, ...]:
    """Return the paths of this package's `.msg` files, by name.

    Raises:
        ConfigurationError: when none is installed.
    """
    for folder in _folders("msg"):
        files = tuple(sorted(folder.glob("*.msg")))
        if files:
            return files
    raise ConfigurationError("this package's message definitions", "none", "install alam_ros again")


def _folders(kind: str) -> Iterator[Path]:
    module = Path(__file__).resolve()
    for prefix in module.parents:
        yield prefix / "share" / "alam_ros" / kind
    yield module.parents[1] / kind
