"""Mappings from YAML or JSON into frozen dataclasses, refusing what does not fit, and back.

One reader serves the contract, the training configuration and the policy file's manifest, so that a misspelt key is answered in
the same words everywhere.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, Union

from alam_ros.errors import ConfigurationError

T = TypeVar("T")


def from_mapping(cls: type[T], mapping: object, where: str = "") -> T:
    """Build the dataclass `cls` from `mapping`.

    Args:
        cls: a dataclass whose fields are annotated with bool, int, float, str, Literal, X | None, tuple[...], nested dataclasses,
            or Mapping[str, X].
        mapping: what a YAML or JSON reader returned.
        where: dotted path of the mapping in its file, for messages.

    Raises:
        ConfigurationError: for an unknown, missing or ill-typed key; the message names its dotted path.
    """
    if not isinstance(mapping, Mapping):
        raise _wrong(where, "a mapping", mapping)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in mapping:
        if key not in fields:
            raise _unknown(key, fields, where)
    hints = typing.get_type_hints(cls)
    values = {}
    for name, field in fields.items():
        if name in mapping:
            values[name] = _convert(hints[name], mapping[name], _join(where, name))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigurationError(f"the key `{_join(where, name)}`", f"only {sorted(mapping)}", "add the key")
    return cls(**values)


def to_mapping(value: object) -> Any:
    """Return the plain dict, list, number or string form of a dataclass, the inverse of `from_mapping`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_mapping(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_mapping(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_mapping(item) for item in value]
    return value


def finite(value: Any) -> Any:
    """Return plain data with None for NaN and infinity, which JSON does not know; tuples become lists."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def flattened(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return dotted key → value of everything in nested mappings that is not a mapping itself; an empty one leaves nothing.

    Args:
        mapping: nested.
        prefix: of each key, with its dot.
    """
    flat: dict[str, Any] = {}
    for name, value in mapping.items():
        flat |= flattened(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def with_override(mapping: dict[str, Any], assignment: str, parse: typing.Callable[[str], object]) -> None:
    """Apply one command-line `dotted.key=value` to a nested mapping, in place.

    Args:
        mapping: the mapping read from the file; missing levels are made, `from_mapping` refuses unknown ones afterwards.
        assignment: `dotted.key=value`.
        parse: turns the text of the value into an object (YAML's reader, say).

    Raises:
        ConfigurationError: when there is no `=` or a level of the path is not a mapping.
    """
    key, separator, text = assignment.partition("=")
    if not separator or not key:
        raise ConfigurationError("an override `dotted.key=value`", f"`{assignment}`", "write it as in `trainer.seed=3`")
    *parents, leaf = key.split(".")
    level = mapping
    for parent in parents:
        child = level.setdefault(parent, {})
        if not isinstance(child, dict):
            raise ConfigurationError(f"a mapping at `{parent}`", repr(child), f"correct the path `{key}`")
        level = child
    level[leaf] = parse(text)


def _convert(hint: Any, value: object, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        return _convert_union(typing.get_args(hint), value, where)
    if origin is Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            raise _wrong(where, "one of " + ", ".join(map(repr, choices)), value)
        return value
    if origin is tuple:
        return _convert_tuple(typing.get_args(hint), value, where)
    if origin in (Mapping, dict):
        if not isinstance(value, Mapping):
            raise _wrong(where, "a mapping", value)
        _, item = typing.get_args(hint)
        return {str(key): _convert(item, child, _join(where, str(key))) for key, child in value.items()}
    if dataclasses.is_dataclass(hint):
        return from_mapping(typing.cast(type, hint), value, where)
    return _convert_scalar(hint, value, where)


def _convert_scalar(hint: Any, value: object, where: str) -> Any:
    if hint is Any:
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint in (float, int) and is_number:
        number = _float(typing.cast(float, value), where)
        if hint is float:
            return number
        if number.is_integer():
            return int(typing.cast(float, value))
    if hint is float and isinstance(value, str):
        return _float_from_text(value, where)
    if hint in (bool, str) and isinstance(value, hint):
        return value
    names = {float: "a number", int: "an integer", bool: "true or false", str: "a string"}
    raise _wrong(where, names.get(hint, str(hint)), value)


def _float(value: float, where: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise _wrong(where, "a number that a float64 can hold", value) from None


def _float_from_text(text: str, where: str) -> float:
    """Read `1e-3`, which YAML 1.1 takes for a string because it has no dot."""
    try:
        return float(text)
    except ValueError:
        raise _wrong(where, "a number", text) from None


def _convert_union(hints: tuple[Any, ...], value: object, where: str) -> Any:
    if value is None and type(None) in hints:
        return None
    errors: list[ConfigurationError] = []
    for hint in hints:
        if hint is type(None):
            continue
        try:
            return _convert(hint, value, where)
        except ConfigurationError as error:
            errors.append(error)
    raise errors[0]


def _convert_tuple(hints: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise _wrong(where, "a list", value)
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_convert(hints[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if len(value) != len(hints):
        raise _wrong(where, f"a list of {len(hints)}", value)
    pairs = zip(hints, value, strict=True)
    return tuple(_convert(hint, item, f"{where}[{index}]") for index, (hint, item) in enumerate(pairs))


def _unknown(key: object, fields: Mapping[str, object], where: str) -> ConfigurationError:
    near = difflib.get_close_matches(str(key), fields, n=1)
    remedy = f"did you mean `{_join(where, near[0])}`?" if near else "remove it"
    return ConfigurationError(
        f"one of the keys {', '.join(sorted(fields))}", f"the unknown key `{_join(where, str(key))}`", remedy
    )


def _wrong(where: str, expected: str, value: object) -> ConfigurationError:
    place = f"`{where}`" if where else "the document"
    return ConfigurationError(f"{place} to be {expected}", repr(value), "correct its value")


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
