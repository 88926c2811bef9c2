"""The section of the settings that is about another gateway which is asked first."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import attrs

from ..secret import SecretRef
from .checks import above, fault

_SCHEMES: Final = ("http", "https")


def _is_url(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is None:
        return
    parts = urlsplit(value)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise fault(attribute.name, f"must be an http or https URL, got {value!r}")


def _reference(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="key")


@attrs.frozen(kw_only=True)
class DaemonSettings:
    """Another gateway, which `legion.ask` asks first.

    Attributes:
        enabled: Whether it is asked. Default True; without a `url` there is nobody to ask.
        url: Its root ("http://127.0.0.1:4567"), or None: requests are answered here. Default None.
        key: What is shown to it, as text, "env://NAME" or a list of which the first that yields something is taken. Default none.
        read_timeout: Seconds that it may take to answer (above 0). Default 60.0.
    """

    enabled: bool = True
    url: str | None = attrs.field(default=None, validator=_is_url)
    key: SecretRef | None = attrs.field(default=None, converter=_reference)
    read_timeout: float = attrs.field(default=60.0, validator=above(0, unit="s"))
