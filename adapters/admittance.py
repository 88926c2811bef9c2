"""Who may speak to a port that other machines reach: those whose CURVE key is on the list."""

from __future__ import annotations

from typing import Any

from ..messages.errors import SettingsError
from ..messages.secret import Secret


class Admittance:
    """Checks clients' keys, through ZeroMQ's own authentication.

    Args:
        context: Of the sockets.
        secret_key: The port's own.
        allowed: Clients' public keys.
        path: Setting of the secret key, for the error.

    Raises:
        SettingsError: The secret key is none.
    """

    def __init__(self, context: Any, secret_key: Secret, allowed: tuple[str, ...], path: str) -> None:
        import zmq  # noqa: PLC0415 - loaded where the port is switched on
        from zmq.auth.asyncio import AsyncioAuthenticator  # noqa: PLC0415

        self._secret = secret_key.reveal().encode()
        try:
            self._public = zmq.curve_public(self._secret)
        except (zmq.ZMQError, ValueError) as error:
            raise SettingsError(f"{path}: must be a CURVE secret key of 40 Z85 characters", path=path) from error
        self._authenticator = AsyncioAuthenticator(context)
        self._authenticator.start()
        self._authenticator.configure_curve_callback(domain="*", credentials_provider=_Listed(allowed))

    def guard(self, socket: Any) -> None:
        """Have a socket ask for keys, before it is bound."""
        socket.curve_server = True
        socket.curve_secretkey = self._secret
        socket.curve_publickey = self._public

    def stop(self) -> None:
        """Check no more."""
        self._authenticator.stop()


class _Listed:
    """The list, as ZeroMQ asks for it."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = frozenset(key.encode() for key in keys)

    def callback(self, _domain: str, key: bytes) -> bool:
        """Whether the owner of a key (Z85) may speak."""
        return key in self._keys
