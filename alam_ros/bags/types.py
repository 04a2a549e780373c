"""Message types for bags: those of ROS 2 Jazzy and this package's own."""

from __future__ import annotations

from functools import cache

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from alam_ros.resources import message_definitions


@cache
def message_types() -> Typestore:
    """Return the types that bags are written with, and read with where they carry no definitions of their own.

    Raises:
        ConfigurationError: when this package's message definitions are not installed.
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    definitions = {}
    for path in message_definitions():
        definitions.update(get_types_from_msg(path.read_text(encoding="utf-8"), f"alam_ros/msg/{path.stem}"))
    store.register(definitions)
    return store
