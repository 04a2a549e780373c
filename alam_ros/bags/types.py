"""Message types for bags: those of ROS 2 Jazzy and this package's own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from rosbags.interfaces import Connection, MessageDefinition, MessageDefinitionFormat
from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from alam_ros.resources import message_definitions

SEPARATOR = "=" * 80 + "\n"
"""Between the parts of a definition, which holds those of the types it needs as well."""


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


def recorded_types(connections: Iterable[Connection]) -> Typestore:
    """Return the types of a recording: as it defines them itself, else as `message_types` does.

    A definition that cannot be understood is left out, so that the other topics can be read. So it is with the events of services
    that `ros2 bag record -a` takes along.
    """
    fields: dict[str, Any] = dict(message_types().fielddefs)
    for connection in connections:
        defined = _defined(connection.msgdef, connection.msgtype)
        if defined is None:
            fields.pop(connection.msgtype, None)
        else:
            fields |= defined
    store = get_typestore(Stores.EMPTY)
    store.register(fields)
    return store


def _defined(definition: MessageDefinition, kind: str) -> dict[str, Any] | None:
    """Return the types that a definition holds, as `.msg` or `.idl` files; None where it cannot be understood."""
    try:
        if definition.format == MessageDefinitionFormat.MSG:
            return dict(get_types_from_msg(definition.data, kind))
        parts = definition.data.split(SEPARATOR) if definition.format == MessageDefinitionFormat.IDL else ()
        named = (part.partition("\n")[2] if part.startswith("IDL: ") else part for part in parts if part)
        return {name: fields for part in named for name, fields in get_types_from_idl(part).items()}
    except (TypesysError, ValueError):
        return None
