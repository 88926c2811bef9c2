"""What workers must fulfil to take a request, as a fingerprint that can stand in a lane."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from ...messages.errors import InvalidRequestError

Fact: TypeAlias = str | int | bool

# A fingerprint is no secret: who knows the possible values finds out which one it is of.
_SENSITIVE: Final = re.compile(
    r"api_?key|auth|bearer|conversation|cookie|credential|email|header|identity|messages?|passw|path|prompt|secret|session|token|url|user",
    re.IGNORECASE,
)
_HEX: Final = 16


def fingerprint(facts: Mapping[str, Fact]) -> str | None:
    """Return 16 hex digits that stand for the facts, in whichever order they come; None for no facts.

    Raises:
        InvalidRequestError: A name sounds like content, a person, a place or a secret.
    """
    if not facts:
        return None
    for name in facts:
        if _SENSITIVE.search(name):
            raise InvalidRequestError(
                f"{name!r} cannot be a fact by which workers are chosen: lanes are read by everybody at the broker",
                param=name,
            )
    canonical = json.dumps(dict(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_HEX]
