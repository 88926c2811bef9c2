"""Signed tokens of the fleet: JSON Web Tokens, HS256 with the secret that all its members share."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

from ...actors.fleet.claims import AUDIENCE, ISSUER, SKEW
from ...messages.errors import SettingsError
from ...messages.fleet_codes import FleetCode, FleetFault
from ...messages.secret import Secret

_ALGORITHM: Final = "HS256"
_REQUIRED: Final = ("iss", "aud", "iat", "nbf", "exp", "jti")

# A shorter one is weaker than the hash that it is used with (RFC 7518, 3.2).
MIN_SECRET_BYTES: Final = 32


class JwtSigner:
    """Implements `adapters.fleet.wire.Signer` with PyJWT.

    Args:
        secret: Of the fleet, at least 32 bytes.

    Raises:
        SettingsError: The secret is too short, or the library is not installed.
    """

    def __init__(self, secret: Secret) -> None:
        if find_spec("jwt") is None:
            raise SettingsError(
                "fleet.secret: signed requests need PyJWT: pip install legion-llm[fleet]", path="fleet.secret"
            )
        self._secret = secret.reveal().encode()
        if len(self._secret) < MIN_SECRET_BYTES:
            raise SettingsError(
                f"fleet.secret: must have at least {MIN_SECRET_BYTES} bytes, got {len(self._secret)}; "
                "`openssl rand -hex 32` makes one",
                path="fleet.secret",
            )

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a token that says this."""
        import jwt  # noqa: PLC0415 - loaded where the fleet has a secret

        return jwt.encode(dict(claims), self._secret, algorithm=_ALGORITHM)

    def read(self, token: str, now: float) -> dict[str, Any]:
        """Return what a token of the fleet's says.

        Raises:
            FleetFault: It is none, or has expired.
        """
        import jwt  # noqa: PLC0415 - as above

        try:
            # The times are compared with the clock that we are given, and not with the machine's.
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                issuer=[ISSUER],
                audience=AUDIENCE,
                options={"require": list(_REQUIRED), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise FleetFault(FleetCode.INVALID_TOKEN, f"the token is not good: {error}") from error
        _check_times(claims, now)
        return claims


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    moments = [claims[name] for name in ("nbf", "exp")]
    if not all(type(each) is int for each in moments):
        raise FleetFault(FleetCode.INVALID_TOKEN, "the token is not good: its times are no whole numbers")
    not_before, expires = moments
    if now < not_before - SKEW:
        raise FleetFault(
            FleetCode.INVALID_TOKEN,
            f"the token begins to hold in {not_before - now:.0f} s: do the clocks of gateway and worker agree?",
        )
    if now > expires + SKEW:
        raise FleetFault(
            FleetCode.TOKEN_EXPIRED,
            f"the token expired {now - expires:.0f} s ago: do the clocks of gateway and worker agree?",
        )
