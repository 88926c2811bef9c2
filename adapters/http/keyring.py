"""Who may use the API: named keys, of which only digests are kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from ...messages.errors import AccessDeniedError, SettingsError
from ...messages.secret import SecretRef
from ..settings.credentials import Absent, resolve
from .identity import Headers

_BEARER: Final = b"bearer "


class Keyring:
    """The keys of one gateway.

    Args:
        keys: Keys by the name of their holder.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._digests = {name: _digest(key.encode()) for name, key in keys.items()}

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self._digests)}>"

    def holder(self, headers: Headers) -> str:
        """Return the name of the key that a request shows, as `Authorization: Bearer KEY` or as `x-api-key: KEY`.

        Raises:
            AccessDeniedError: It shows none, or one that nobody holds. How long that takes says nothing about any key.
        """
        shown = _shown(headers)
        if shown is None:
            raise AccessDeniedError("no API key: send one as `Authorization: Bearer KEY` or as `x-api-key: KEY`")
        digest = _digest(shown)
        held = [name for name, known in self._digests.items() if hmac.compare_digest(digest, known)]
        if not held:
            raise AccessDeniedError("invalid API key")
        return held[0]


def keyring_of(keys: Mapping[str, SecretRef], environ: Mapping[str, str]) -> Keyring | None:
    """Return the keyring that the setting `api.keys` describes, or None: then whoever reaches the port may use it.

    Raises:
        SettingsError: A key cannot be looked up, or two holders have the same.
    """
    found: dict[str, str] = {}
    for name, reference in keys.items():
        path = f"api.keys.{name}"
        key = resolve(reference, environ)
        if isinstance(key, Absent):
            raise SettingsError(f"{path}: {key.reason}", path=path)
        if key.reveal() in found.values():
            raise SettingsError(f"{path}: another holder has the same key", path=path)
        found[name] = key.reveal()
    return Keyring(found) if found else None


def _shown(headers: Headers) -> bytes | None:
    shown = None
    for name, value in headers:
        if name == b"x-api-key":
            return value.strip()
        if name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            shown = value[len(_BEARER) :].strip()
    return shown


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
