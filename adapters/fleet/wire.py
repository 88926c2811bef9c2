"""The fleet's messages as JSON, signed and encrypted where the settings want it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import attrs
import orjson

from ...actors.fleet.claims import ReplayGuard, check_claims, claims_of, registered
from ...messages.errors import InvalidRequestError
from ...messages.fleet import (
    LEGACY_FIELDS,
    PROTOCOL_VERSION,
    FleetCancel,
    FleetChat,
    FleetCredit,
    FleetEmbed,
    FleetError,
    FleetFrame,
    FleetOffer,
    FleetReply,
    FleetRequest,
    FleetResponse,
)
from ...messages.fleet_codes import FleetCode, FleetFault
from ..codec import from_json, to_json

T = TypeVar("T")
Heard: TypeAlias = "FleetReply | FleetOffer"
Signal: TypeAlias = "FleetCancel | FleetCredit"

# What the engines take at most; a broker suffers from more.
MAX_BODY_BYTES: Final = 32 * 1024 * 1024

_TYPES: Final[dict[str, type]] = {
    "llm.fleet.response": FleetResponse,
    "llm.fleet.error": FleetError,
    "llm.fleet.frame": FleetFrame,
    "llm.fleet.offer": FleetOffer,
    "llm.fleet.cancel": FleetCancel,
    "llm.fleet.credit": FleetCredit,
}
_NAMES: Final = {cls: name for name, cls in _TYPES.items()}
_REQUEST: Final = "llm.fleet.request"
_ENVELOPES: Final[dict[str, type[FleetRequest]]] = {"chat": FleetChat, "stream": FleetChat, "embed": FleetEmbed}


class Signer(Protocol):
    """Makes and reads tokens with the secret of the fleet."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a token that says this."""

    def read(self, token: str, now: float) -> dict[str, Any]:
        """Return what a token says that the fleet has made.

        Raises:
            FleetFault: It is none of ours, or has expired.
        """


class Cipher(Protocol):
    """Keeps bodies from those who carry them."""

    def encrypt(self, body: bytes) -> bytes:
        """Return the body as nobody can read it."""

    def decrypt(self, body: bytes) -> bytes:
        """Return the body again.

        Raises:
            FleetFault: It was not encrypted with a key of ours.
        """


class FleetWire:
    """Implements `actors.fleet.port.Wire`.

    Args:
        signer: Signs requests and checks them; None in a fleet without a secret.
        cipher: Encrypts bodies; None sends them as they are.
        monotonic: Returns monotonic seconds.
        wall_clock: Returns Unix seconds.
        max_body_bytes: Largest body.
    """

    def __init__(
        self,
        *,
        signer: Signer | None = None,
        cipher: Cipher | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._signer = signer
        self._cipher = cipher
        self._wall_clock = wall_clock
        self._guard = ReplayGuard(monotonic)
        self._max_body_bytes = max_body_bytes

    # -- requests

    def pack_request(self, request: FleetRequest) -> bytes:
        """Return a request, signed where the fleet has a secret; see the port."""
        if self._signer is not None:
            unsigned = to_json(attrs.evolve(request, signed_token=None))
            claims = claims_of(orjson.loads(unsigned)) | registered(self._wall_clock())
            request = attrs.evolve(request, signed_token=self._signer.sign(claims))
        return self._sealed(_REQUEST, request)

    def unpack_request(self, body: bytes) -> FleetRequest:
        """Return a request whose token is good; see the port."""
        plain = self._opened(body)
        envelope = _envelope(plain)
        cls = _ENVELOPES.get(str(envelope.get("operation")))
        if cls is None:
            raise FleetFault(FleetCode.UNSUPPORTED_TYPE, f"no such operation: {str(envelope.get('operation'))[:50]!r}")
        self._check(envelope)
        return _read(plain, cls)

    def peek(self, body: bytes) -> FleetRequest | None:
        """Return a request without any check of its token; see the port."""
        try:
            return _read(self._opened(body), FleetRequest)
        except FleetFault:
            return None

    def key_of(self, request: FleetRequest) -> str:
        """Return the key of a request: the same for what is the same; see the port."""
        assert isinstance(request, (FleetChat, FleetEmbed))
        parts = (request.request_id, request.operation, request.model, request.provider_instance or "")
        digest = hashlib.sha256("\0".join(parts).encode() + b"\0" + to_json(request.params))
        return f"idem_{digest.hexdigest()[:32]}"

    def _check(self, envelope: Mapping[str, Any]) -> None:
        if self._signer is None:
            return
        token = envelope.get("signed_token")
        if not isinstance(token, str):
            raise FleetFault(FleetCode.INVALID_TOKEN, "the request is not signed, and this fleet has a secret")
        claims = self._signer.read(token, self._wall_clock())
        check_claims(claims, envelope)
        self._guard.reserve(str(claims.get("jti")))

    # -- everything else

    def pack(self, message: Heard | Signal) -> bytes:
        """Return anything that needs no token; see the port."""
        return self._sealed(_NAMES[type(message)], message)

    def unpack_heard(self, body: bytes) -> Heard:
        """Return what a worker says; see the port."""
        said = self._unpack(body)
        if isinstance(said, (FleetCancel, FleetCredit)):
            raise FleetFault(FleetCode.UNSUPPORTED_TYPE, f"workers do not send {type(said).__name__}")
        return said

    def unpack_signal(self, body: bytes) -> Signal:
        """Return what a gateway says beside requests; see the port."""
        said = self._unpack(body)
        if not isinstance(said, (FleetCancel, FleetCredit)):
            raise FleetFault(FleetCode.UNSUPPORTED_TYPE, f"gateways do not send {type(said).__name__}")
        return said

    def _unpack(self, body: bytes) -> Heard | Signal:
        plain = self._opened(body)
        cls = _TYPES.get(_read(plain, _Head).type)
        if cls is None:
            raise FleetFault(FleetCode.UNSUPPORTED_TYPE, "a message of no known type")
        return _read(plain, cls)

    def _sealed(self, name: str, message: object) -> bytes:
        body = b'{"type":"' + name.encode() + b'",' + to_json(message)[1:]
        if len(body) > self._max_body_bytes:
            raise FleetFault(
                FleetCode.PAYLOAD_TOO_LARGE, f"{len(body)} bytes; the fleet carries {self._max_body_bytes} at most"
            )
        return body if self._cipher is None else self._cipher.encrypt(body)

    def _opened(self, body: bytes) -> bytes:
        if len(body) > 2 * self._max_body_bytes:
            raise FleetFault(FleetCode.PAYLOAD_TOO_LARGE, f"{len(body)} bytes")
        return body if self._cipher is None else self._cipher.decrypt(body)


@attrs.frozen(kw_only=True)
class _Head:
    """As much of a message as tells what it is."""

    type: str
    protocol_version: int


def _envelope(plain: bytes) -> dict[str, Any]:
    """Return the fields of a request as they came; its type is no field."""
    head = _read(plain, _Head)
    if head.type != _REQUEST or head.protocol_version != PROTOCOL_VERSION:
        raise FleetFault(
            FleetCode.UNSUPPORTED_TYPE,
            f"a request of protocol version {PROTOCOL_VERSION} is wanted, this is {head.type[:50]!r}, {head.protocol_version}",
        )
    envelope: dict[str, Any] = orjson.loads(plain)
    old = sorted(LEGACY_FIELDS & envelope.keys())
    if old:
        raise FleetFault(FleetCode.UNSUPPORTED_TYPE, f"fields of protocol version 1: {', '.join(old)}")
    del envelope["type"]
    return envelope


def _read(plain: bytes, cls: type[T]) -> T:
    try:
        return from_json(plain, cls)
    except InvalidRequestError as error:
        raise FleetFault(FleetCode.UNSUPPORTED_TYPE, error.message) from error
