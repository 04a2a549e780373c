"""Fast resets: worlds without pictures, for when nothing renders.

Safety-Gymnasium compiles its model anew for each episode; decoding PNG textures and parsing its YAML file of assets take nearly
all of that time. Textures do not touch the physics, so a world that nobody looks at gets plain colours instead, and the assets
are read once. Trajectories stay the same to the last bit.
"""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import yaml

from alam_sim.rebinding import with_globals
from alam_sim.safety_gym.compatibility import import_module


@functools.cache
def plain_world_class() -> type:
    """Derive from Safety-Gymnasium's `World` one that compiles its model without pictures.

    `World.build` is one long method that reads the assets with `yaml.load`. The derived class runs the same code with another
    `yaml` among its globals, so the original class and module stay as they are.
    """
    world = import_module("world").World
    reader = SimpleNamespace(load=_load_plain, FullLoader=None)
    return type("PlainWorld", (world,), {"build": with_globals(world.build, yaml=reader)})


def without_pictures(assets: dict[str, Any]) -> dict[str, Any]:
    """Return the assets with every texture that is read from a file replaced by a built-in plain one.

    Args:
        assets: `textures`, `materials` and `meshes`, each name → MJCF attributes with `@` before their names.
    """
    return {**assets, "textures": {name: _plain(texture) for name, texture in assets["textures"].items()}}


def _plain(texture: dict[str, Any]) -> dict[str, Any]:
    if not any(attribute.startswith("@file") for attribute in texture):
        return texture
    kept = {attribute: value for attribute, value in texture.items() if attribute in {"@name", "@type"}}
    return {**kept, "@builtin": "flat", "@width": "8", "@height": "8"}


def _load_plain(file: IO[str], **_loader: Any) -> dict[str, Any]:
    return copy.deepcopy(_plain_assets(file.name))


@functools.cache
def _plain_assets(path: str) -> dict[str, Any]:
    return without_pictures(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
