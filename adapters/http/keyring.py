"""Who may use the API: named keys, of which only digests are kept, and what each holder may do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs

from ...messages.caller import Caller
from ...messages.errors import AccessDeniedError, SettingsError
from ...messages.secret import Secret
from ...messages.settings import KeySettings, Settings
from ..settings.credentials import Absent, resolve
from .identity import Headers

_BEARER: Final = b"bearer "


@attrs.frozen(kw_only=True)
class Holder:
    """Someone who has a key.

    Attributes:
        caller: How its requests name it.
        digest: SHA-256 of the key.
        rights: What it may do.
        own_key: The key itself where it is none of ours: a guest's; else None.
        only: The instance that a guest's key is for; None: its requests may go anywhere.
    """

    caller: Caller
    digest: bytes = attrs.field(repr=False)
    rights: KeySettings
    own_key: Secret | None = attrs.field(default=None, repr=False)
    only: str | None = None


def guest(key: bytes, instance: str) -> Holder:
    """Return who shows a key that is none of ours, but for an instance: known by it, and by nothing else."""
    digest = hashlib.sha256(key).hexdigest()
    return Holder(
        caller=Caller(identity=f"guest:{digest[:16]}", credential="own"),
        digest=bytes.fromhex(digest),
        rights=KeySettings(sha256=digest),
        own_key=Secret(key.decode("latin-1")),
        only=instance,
    )


class Keyring:
    """The keys of one gateway.

    Args:
        holders: Whoever has one.

    Attributes:
        holders: Whoever has one now. It is replaced as a whole, so that whoever looks sees those of one moment.
    """

    def __init__(self, holders: Iterable[Holder]) -> None:
        self.holders = tuple(holders)

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(str(holder.caller.identity) for holder in self.holders)}>"

    def holder(self, headers: Headers) -> Holder:
        """Return the holder of the key that a request shows, as `Authorization: Bearer KEY` or as `x-api-key: KEY`.

        Raises:
            AccessDeniedError: It shows none, or one that nobody holds. How long that takes says nothing about any key.
        """
        shown = shown_key(headers)
        if shown is None:
            raise AccessDeniedError("no API key: send one as `Authorization: Bearer KEY` or as `x-api-key: KEY`")
        digest = hashlib.sha256(shown).digest()
        held = [holder for holder in self.holders if hmac.compare_digest(digest, holder.digest)]
        if not held:
            raise AccessDeniedError("invalid API key")
        return held[0]


def keyring_of(keys: Mapping[str, KeySettings], environ: Mapping[str, str]) -> Keyring | None:
    """Return the keyring that the setting `api.keys` describes, or None: then whoever reaches the port may use it.

    Raises:
        SettingsError: A key cannot be looked up, or two holders have the same.
    """
    found: dict[bytes, Holder] = {}
    for name, rights in keys.items():
        path = f"api.keys.{name}"
        digest = _digest(rights, environ, path)
        if digest in found:
            raise SettingsError(f"{path}: another holder has the same key", path=path)
        caller = Caller(identity=name, type=rights.type, credential=name)
        found[digest] = Holder(caller=caller, digest=digest, rights=rights)
    return Keyring(found.values()) if found else None


def successors(keyring: Keyring | None, environ: Mapping[str, str]) -> Callable[[Settings], Callable[[], None]]:
    """Return what looks up the keys of other settings, and returns what puts them in the place of those that hold.

    Where there were no keys, or shall be none, nothing is put in any place: that takes a restart.
    """

    def look_up(settings: Settings) -> Callable[[], None]:
        found = keyring_of(settings.api.keys, environ)

        def use() -> None:
            if keyring is not None and found is not None:
                keyring.holders = found.holders

        return use

    return look_up


def _digest(rights: KeySettings, environ: Mapping[str, str], path: str) -> bytes:
    if rights.sha256 is not None:
        return bytes.fromhex(rights.sha256)
    key = resolve(rights.key, environ)
    if isinstance(key, Absent):
        raise SettingsError(f"{path}: {key.reason}", path=path)
    return hashlib.sha256(key.reveal().encode()).digest()


def shown_key(headers: Headers) -> bytes | None:
    """Return the key that is shown. Gemini's clients have a header of their own for it, which no other client sends."""
    shown = None
    for name, value in headers:
        if name in (b"x-api-key", b"x-goog-api-key", b"api-key"):
            return value.strip()
        if name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            shown = value[len(_BEARER) :].strip()
    return shown
