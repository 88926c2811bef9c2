"""Ids of tool calls for vendors who take letters, digits, "_" and "-" alone: an id of another kind is spelled out in these, and read back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

_PLAIN: Final = re.compile(r"[a-zA-Z0-9_-]+")
_MARK: Final = "legion_"
_DIGEST: Final = 24


def plain_id(call_id: str, longest: int | None = None) -> str:
    """Return an id as such a vendor takes it, the same with every turn.

    Args:
        call_id: As its maker gave it ("functions.get_weather:0").
        longest: Most characters, at least 29; a longer one becomes a digest, which tells nothing. None: any number.
    """
    is_plain = _PLAIN.fullmatch(call_id) is not None and not call_id.startswith(_MARK)
    plain = call_id if is_plain else _MARK + _spelled(call_id.encode("utf-8", "surrogatepass"))
    if longest is None or len(plain) <= longest:
        return plain
    return "call_" + hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def original_id(call_id: str) -> str:
    """Return the id behind one that `plain_id` has spelled out; any other as it is."""
    if not call_id.startswith(_MARK):
        return call_id
    spelled = call_id.removeprefix(_MARK)
    try:
        read = base64.urlsafe_b64decode(spelled + "=" * (-len(spelled) % 4))
        return read.decode("utf-8", "surrogatepass") if _spelled(read) == spelled else call_id
    except (binascii.Error, ValueError):
        return call_id


def _spelled(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
