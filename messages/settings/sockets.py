"""Addresses and keys of ZeroMQ sockets, as settings name them."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final

import attrs

from .checks import fault

_TCP: Final = re.compile(r"tcp://(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(?P<port>\d{1,5}|\*)")
_Z85: Final = re.compile(r"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


def is_address(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    """Check an address, or None."""
    if value is not None:
        _check_address(attribute.name, value)


def are_addresses(_: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    """Check some addresses."""
    for each in value:
        _check_address(attribute.name, each)


def are_curve_keys(_: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    """Check public keys."""
    if not all(_Z85.fullmatch(key) for key in value):
        raise fault(
            attribute.name, "must be public keys of 40 Z85 characters, as `legion-llm inspect --new-keys` prints them"
        )


def is_curve_key(owner: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    """Check a public key, or None."""
    if value is not None:
        are_curve_keys(owner, attribute, (value,))


def is_local(address: str) -> bool:
    """Whether only this machine reaches an address."""
    match = _TCP.fullmatch(address)
    if match is None:
        return address.startswith("ipc:")
    host = match["host"].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_address(name: str, value: str) -> None:
    if not value.startswith("ipc:///") and not _TCP.fullmatch(value):
        raise fault(name, f"must be ipc:///PATH or tcp://HOST:PORT, got {value!r}")
