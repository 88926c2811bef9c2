"""Bodies that the broker carries and cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from ...messages.errors import SettingsError
from ...messages.fleet_codes import FleetCode, FleetFault
from ...messages.secret import Secret

_PATH: Final = "fleet.encryption_keys"


class FernetCipher:
    """Implements `adapters.fleet.wire.Cipher` with Fernet (AES-128-CBC, HMAC-SHA-256).

    Args:
        keys: At least one. The first encrypts, all of them decrypt, so that a key can be changed without a pause.

    Raises:
        SettingsError: A key is none, or the library is not installed.
    """

    def __init__(self, keys: Sequence[Secret]) -> None:
        if find_spec("cryptography") is None:
            raise SettingsError(
                f"{_PATH}: encrypted bodies need cryptography: pip install legion-llm[fleet]", path=_PATH
            )
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - loaded where bodies are encrypted

        try:
            self._fernet = MultiFernet([Fernet(key.reveal()) for key in keys])
        except ValueError as error:
            raise SettingsError(
                f"{_PATH}: each must be 32 bytes in URL-safe base64; `openssl rand -base64 32 | tr +/ -_` makes one",
                path=_PATH,
            ) from error

    def encrypt(self, body: bytes) -> bytes:
        """Return the body as nobody can read it."""
        return self._fernet.encrypt(body)

    def decrypt(self, body: bytes) -> bytes:
        """Return the body again.

        Raises:
            FleetFault: It was not encrypted with a key of ours.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - as above

        try:
            return self._fernet.decrypt(body)
        except InvalidToken as error:
            raise FleetFault(FleetCode.INVALID_TOKEN, "the body was not encrypted with a key of this fleet") from error
