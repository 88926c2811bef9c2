"""Which PostgreSQL server the settings mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...messages.errors import SettingsError
from ...messages.secret import Secret, SecretRef
from ...messages.settings import StoreSettings
from ..settings.credentials import Absent, resolve

if TYPE_CHECKING:
    from .postgres.opening import Server


def server_of(store: StoreSettings, environ: Mapping[str, str]) -> Server:
    """Return the server; nothing is connected yet.

    Raises:
        SettingsError: Its URL or password is wrong, or the library that speaks to it is missing.
    """
    try:
        from .postgres.opening import Server  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError(
            "store.url: the client of PostgreSQL is missing: pip install legion-llm[postgres]", path="store.url"
        ) from error
    assert store.url is not None
    server = Server(
        url=store.url,
        password=_password(store.password, environ),
        schema=store.schema,
        synchronous=store.synchronous,
        timeout=store.timeout,
    )
    server.parameters()  # says what is wrong with the URL
    return server


def _password(reference: SecretRef | None, environ: Mapping[str, str]) -> Secret | None:
    if reference is None:
        return None
    password = resolve(reference, environ)
    if isinstance(password, Absent):
        raise SettingsError(f"store.password: {password.reason}", path="store.password")
    return password
