"""What a signed token says of the request that it belongs to: every field of the envelope, and nothing that another request could use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...messages.fleet_codes import FleetCode, FleetFault
from ...messages.ids import new_id
from .once import Once, Stage

ISSUER: Final = "legion-llm"
AUDIENCE: Final = "lex-llm-fleet-worker"

# Seconds for which a token holds, and by which two clocks may differ.
TTL: Final = 180.0
SKEW: Final = 30.0

_TOKEN: Final = "signed_token"  # noqa: S105 - the name of a field


def claims_of(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim for every field of an envelope: what is short as it is, what is an object or an array as the hash of its canonical form."""
    return {f"fleet_{name}": _canonical(value) for name, value in envelope.items() if name != _TOKEN}


def registered(now: float) -> dict[str, Any]:
    """Return the claims of the token itself: who made it, for whom, when, and its number."""
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now + TTL),
        "jti": new_id("jti_", 32),
    }


def check_claims(claims: Mapping[str, Any], envelope: Mapping[str, Any]) -> None:
    """Compare what a token says with the envelope it came in.

    Raises:
        FleetFault: They differ: invalid_token. The message names the field, never its value.
    """
    expected = claims_of(envelope)
    said = {name: value for name, value in claims.items() if name.startswith("fleet_")}
    for name in sorted(expected.keys() | said.keys()):
        if name not in said or name not in expected or said[name] != expected[name]:
            raise FleetFault(
                FleetCode.INVALID_TOKEN, f"the token was made for another request: {name.removeprefix('fleet_')}"
            )


class ReplayGuard:
    """Takes every token once.

    Args:
        now: Returns monotonic seconds.
        seconds: For which tokens are remembered; longer than they hold.
    """

    def __init__(self, now: Callable[[], float], seconds: float = 600.0) -> None:
        self._seen: Once[bool] = Once(now, seconds=seconds)

    def reserve(self, token_id: str) -> None:
        """Take a token.

        Raises:
            FleetFault: It was taken before: invalid_token.
        """
        if self._seen.reserve(token_id).stage is not Stage.NEW:
            raise FleetFault(FleetCode.INVALID_TOKEN, "the token was used before")

    def release(self, token_id: str) -> None:
        """Forget a token whose request could not even be begun."""
        self._seen.release(token_id)


def _canonical(value: Any) -> Any:
    if not isinstance(value, (Mapping, list, tuple)):
        return value
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
