"""Checks of single fields, as attrs validators: each raises a `SettingsError` whose path is the field's name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, get_args
from urllib.parse import parse_qs, urlsplit

import attrs

from ..errors import SettingsError
from ..nearest import nearest as nearest  # noqa: PLC0414 - the checks' own errors end with it

Check: TypeAlias = Callable[[Any, "attrs.Attribute[Any]", Any], None]

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]{2,20}){1,3}-[0-9]{1,2}")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What a transport decides about the connection itself; a wrong one would break the framing.
_FRAMING_HEADERS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
# Visible ASCII, blanks and tabs: what RFC 9110 allows without obsolete text.
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")


def fault(path: str, problem: str) -> SettingsError:
    """Return the error for a setting: its text names the path, so that it can be read on its own."""
    return SettingsError(f"{path}: {problem}", path=path)


def frozen_mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a copy that cannot be changed."""
    return MappingProxyType(dict(value))


def between(low: float, high: float = math.inf, *, unit: str = "") -> Check:
    """Check that low <= value <= high and that the value is finite; None passes where the field's type allows it."""

    def check(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not (_is_number(value) and low <= value <= high and math.isfinite(value)):
            raise fault(attribute.name, f"must be {_range(low, high, unit)}, got {value!r}")

    return check


def above(low: float, *, unit: str = "") -> Check:
    """Check that low < value and that the value is finite; None passes where the field's type allows it."""

    def check(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not (_is_number(value) and low < value < math.inf):
            raise fault(attribute.name, f"must be above {low:g}{_unit(unit)}, got {value!r}")

    return check


def one_of(choices: Any) -> Check:
    """Check that the value is in the given `Literal` type; None passes where the field's type allows it."""
    allowed = get_args(choices)

    def check(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and value not in allowed:
            raise fault(attribute.name, f"{value!r} is not possible; {nearest(str(value), allowed)}")

    return check


def region_name(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Check that a text is the name of a region ("eu-central-1"): it becomes part of a host's name. None passes."""
    if value is not None and not _REGION.fullmatch(value):
        raise fault(attribute.name, f"must be the name of a region, like eu-central-1, got {value!r}")


def not_blank(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    """Check that a text is not blank; None passes."""
    if value is not None and not value.strip():
        raise fault(attribute.name, "must not be blank: leave it out instead")


def not_blank_entries(_: object, attribute: attrs.Attribute[Any], value: tuple[str, ...] | None) -> None:
    """Check that no text of a list is blank; None passes."""
    if value is not None and not all(text.strip() for text in value):
        raise fault(attribute.name, "must not hold a blank text")


def names(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, Any]) -> None:
    """Check the keys of a mapping of providers or instances: they become parts of names, metrics and paths."""
    for name in value:
        if not _NAME.fullmatch(name):
            raise fault(
                f"{attribute.name}.{name}",
                f"{name!r} is no name: letters, digits, '_' and '-' only, a letter or digit first",
            )


def header_fields(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    """Check names and values of HTTP headers. The message does not show a value."""
    for name, text in value.items():
        path = f"{attribute.name}.{name}"
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING_HEADERS:
            raise fault(path, f"{name!r} is no header that can be set")
        if not is_header_value(text):
            raise fault(path, "holds a character that a header cannot carry")


def is_header_value(text: str) -> bool:
    """Whether the text may be sent as a header's value: visible ASCII, blanks and tabs."""
    return _HEADER_VALUE.fullmatch(text) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _range(low: float, high: float, unit: str) -> str:
    return f"at least {low:g}{_unit(unit)}" if high == math.inf else f"between {low:.10g} and {high:.10g}{_unit(unit)}"


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def without_password(setting: str) -> Check:
    """Check that a URL holds no password, since URLs are shown; `setting` is where it belongs. None passes."""

    def check(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
        if value is None:
            return
        url = urlsplit(value)
        if url.password is not None or "password" in parse_qs(url.query):
            raise fault(attribute.name, f"holds a password: put that into {setting}, where it is not shown")

    return check
