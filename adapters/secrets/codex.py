"""What the Codex command line keeps: a pure function of its file and the time."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from .patch import Patch, read_object, secrets, section, stated

ORIGIN: Final = "Codex's login"

TOKEN: Final = "token"  # noqa: S105 - a name
KEY: Final = "key"

_CHATGPT: Final = "chatgpt"
_PARTS: Final = 3


def codex_patch(auth: str | bytes | None, now: float) -> Patch:
    """Return the token of a ChatGPT login unless it has expired, and the API key.

    Args:
        auth: Text of `~/.codex/auth.json`, or None without one.
        now: Unix seconds.
    """
    login = read_object(auth)
    token = stated(section(login, "tokens"), "access_token") if login.get("auth_mode") == _CHATGPT else None
    expires_at = expiry_of(token) if token is not None else None
    is_expired = expires_at is not None and expires_at <= now
    return Patch(
        origin=ORIGIN,
        credentials=secrets(token=None if is_expired else token, key=stated(login, "OPENAI_API_KEY", "openai_api_key")),
        expires_at={TOKEN: expires_at} if expires_at is not None else {},
        notes={TOKEN: "the token of Codex's login has expired"} if is_expired else {},
    )


def expiry_of(token: str) -> float | None:
    """Return the Unix seconds at which a JSON Web Token expires; None for any other token, and for one that does not say so legibly."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
    except (binascii.Error, ValueError):
        return None
    expires_at = read_object(payload).get("exp")
    return float(expires_at) if type(expires_at) is int and abs(expires_at) < 2**53 else None
