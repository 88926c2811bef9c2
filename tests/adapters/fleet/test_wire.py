"""The fleet's messages as bytes: golden files, tokens, encryption."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from cryptography.fernet import Fernet
from legion_llm.actors.fleet.claims import AUDIENCE, ISSUER
from legion_llm.adapters.fleet.encryption import FernetCipher
from legion_llm.adapters.fleet.tokens import JwtSigner
from legion_llm.adapters.fleet.wire import FleetWire
from legion_llm.messages.caller import Caller
from legion_llm.messages.catalogue import Capability, ModelFacts
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, Usage
from legion_llm.messages.embedding import EmbedAnswer, EmbedBatch
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.fleet import (
    FleetCancel,
    FleetChat,
    FleetCredit,
    FleetEmbed,
    FleetError,
    FleetFrame,
    FleetOffer,
    FleetResponse,
    Hardware,
    OfferedModel,
)
from legion_llm.messages.fleet_codes import FleetCode, FleetFault
from legion_llm.messages.secret import Secret

GOLDEN = Path(__file__).parent / "golden"
NOW = 1_800_000_000.0
SECRET = Secret("s" * 32)

IDS = {"request_id": "req_1", "correlation_id": "corr_1"}
REPLY = {**IDS, "worker": "gpu-1"}
CONTEXT = {"conversation_id": "conv_1", "message_id": None, "exchange_id": "exch_1"}

CHAT = FleetChat(
    **IDS,
    idempotency_key="idem_1",
    operation="chat",
    model="qwen3:8b",
    reply_to="llm.fleet.reply.0123456789abcdef",
    message_context=CONTEXT,
    caller=Caller(identity="alice", type="human"),
    trace_context="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    timeout_seconds=30.0,
    expires_at=NOW + 30.0,
    params=Request(id="req_1", messages=(ChatMessage(content="Hello"),), model="qwen3:8b"),
)
EMBED = FleetEmbed(
    **IDS,
    idempotency_key="idem_2",
    operation="embed",
    model="bge-m3",
    reply_to="llm.fleet.reply.0123456789abcdef",
    timeout_seconds=10.0,
    expires_at=NOW + 10.0,
    params=EmbedBatch(inputs=("text",), dimensions=8),
)
FACTS = ModelFacts(name="qwen3:8b", can=frozenset({Capability.CHAT}), context_window=32768, loaded=True)
SAID = {
    "response": FleetResponse(
        **REPLY,
        response_id="resp_1",
        answer=Response(
            id="resp_1", message=ChatMessage(role="assistant", content="Hi"), usage=Usage(visible_output=1)
        ),
        frames=2,
        message_context=CONTEXT,
    ),
    "vectors": FleetResponse(**REPLY, response_id="resp_2", vectors=EmbedAnswer(vectors=((0.5, 1.0),), model="bge-m3")),
    "error": FleetError(
        **REPLY, error_id="err_1", code=FleetCode.INFERENCE_FAILED, message="it broke", error="ProviderError"
    ),
    "frame": FleetFrame(**REPLY, sequence=1, chunks=(Chunk(kind=ChunkKind.DELTA, block_kind="text", delta="Hi"),)),
    "offer": FleetOffer(
        worker="gpu-1",
        models=(OfferedModel(facts=FACTS, instance="ollama", kind="ollama", lanes=("llm.fleet.inference.qwen3-8b",)),),
        concurrency=4,
        in_flight=1,
        working=("corr_1",),
        hardware=Hardware(hostname="gpu-1", memory_bytes=2**34, rank=1),
    ),
}
SIGNALS = {
    "cancel": FleetCancel(correlation_id="corr_1"),
    "credit": FleetCredit(correlation_id="corr_1", credits=16),
}


def wire(**parts):
    return FleetWire(wall_clock=lambda: NOW, monotonic=lambda: 0.0, **parts)


@pytest.fixture
def signed():
    return wire(signer=JwtSigner(SECRET))


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def holds(said, stood):
    """Whether all that stood there stands there still; fields may have been added."""
    if isinstance(stood, dict):
        return isinstance(said, dict) and all(name in said and holds(said[name], stood[name]) for name in stood)
    if isinstance(stood, list):
        return isinstance(said, list) and len(said) == len(stood) and all(map(holds, said, stood))
    return said == stood


# -- golden files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "message"), [*SAID.items(), *SIGNALS.items()])
def test_what_is_said_looks_as_it_always_did(name, message):
    assert holds(json.loads(wire().pack(message)), golden(name))


@pytest.mark.parametrize(("name", "message"), [("chat", CHAT), ("embed", EMBED)])
def test_requests_look_as_they_always_did(name, message):
    assert holds(json.loads(wire().pack_request(message)), golden(name))


@pytest.mark.parametrize(("name", "message"), SAID.items())
def test_what_was_written_once_can_be_read(name, message):
    assert wire().unpack_heard((GOLDEN / f"{name}.json").read_bytes()) == message


@pytest.mark.parametrize(("name", "message"), SIGNALS.items())
def test_signals_that_were_written_once_can_be_read(name, message):
    assert wire().unpack_signal((GOLDEN / f"{name}.json").read_bytes()) == message


@pytest.mark.parametrize(("name", "message"), [("chat", CHAT), ("embed", EMBED)])
def test_requests_that_were_written_once_can_be_read(name, message):
    assert wire().unpack_request((GOLDEN / f"{name}.json").read_bytes()) == message


# -- what is nothing of ours ------------------------------------------------------------------------------------------


def changed(body, **fields):
    return json.dumps({**json.loads(body), **fields}).encode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"protocol_version": 1}, "protocol version 2 is wanted"),
        ({"type": "llm.fleet.response"}, "protocol version 2 is wanted"),
        ({"operation": "dance"}, "no such operation: 'dance'"),
        ({"messages": [], "request_type": "chat"}, "protocol version 1: messages, request_type"),
        ({"timeout_seconds": "long"}, "timeout_seconds must be a number"),
    ],
)
def test_a_request_of_another_kind_is_refused(fields, words):
    with pytest.raises(FleetFault, match=words) as caught:
        wire().unpack_request(changed(wire().pack_request(CHAT), **fields))

    assert caught.value.code is FleetCode.UNSUPPORTED_TYPE


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"type":"x","protocol_version":2}', b"\xff", b"null"])
def test_noise_is_refused_and_breaks_nothing(body):
    with pytest.raises(FleetFault):
        wire().unpack_heard(body)
    with pytest.raises(FleetFault):
        wire().unpack_signal(body)
    with pytest.raises(FleetFault):
        wire().unpack_request(body)
    assert wire().peek(body) is None


def test_a_gateway_does_not_hear_signals_and_a_worker_no_replies():
    with pytest.raises(FleetFault, match="workers do not send FleetCancel"):
        wire().unpack_heard(wire().pack(SIGNALS["cancel"]))
    with pytest.raises(FleetFault, match="gateways do not send FleetOffer"):
        wire().unpack_signal(wire().pack(SAID["offer"]))


def test_a_body_over_the_limit_is_refused():
    with pytest.raises(FleetFault, match="10 at most") as caught:
        wire(max_body_bytes=10).pack_request(CHAT)

    assert caught.value.code is FleetCode.PAYLOAD_TOO_LARGE


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_signed_request_is_read_as_it_was_sent(signed):
    request = signed.unpack_request(signed.pack_request(CHAT))

    assert attrs.evolve(request, signed_token=None) == CHAT


@pytest.mark.parametrize(
    "field", [field.name for field in attrs.fields(FleetChat) if field.name not in {"signed_token", "protocol_version"}]
)
def test_every_field_of_the_envelope_is_a_claim(signed, field):
    other = {"operation": "stream", "credits": 1, "attempt": 2, "timeout_seconds": 1.0, "expires_at": 1.0}
    objects = {"message_context": {}, "caller": {"type": "system"}, "params": json.loads(json.dumps({"messages": []}))}
    body = changed(signed.pack_request(CHAT), **{field: (other | objects).get(field, "other")})

    with pytest.raises(FleetFault, match=f"made for another request: {field}") as caught:
        signed.unpack_request(body)

    assert caught.value.code is FleetCode.INVALID_TOKEN


def test_a_field_that_the_token_does_not_know_is_refused(signed):
    with pytest.raises(FleetFault, match="another request: extra_field"):
        signed.unpack_request(changed(signed.pack_request(CHAT), extra_field=1))


def test_a_token_is_good_for_one_request(signed):
    body = signed.pack_request(CHAT)
    signed.unpack_request(body)

    with pytest.raises(FleetFault, match="used before"):
        signed.unpack_request(body)


def test_an_unsigned_request_is_refused_where_there_is_a_secret(signed):
    with pytest.raises(FleetFault, match="not signed") as caught:
        signed.unpack_request(wire().pack_request(CHAT))

    assert caught.value.code is FleetCode.INVALID_TOKEN


def test_a_token_with_another_secret_is_refused(signed):
    forged = wire(signer=JwtSigner(Secret("x" * 32))).pack_request(CHAT)

    with pytest.raises(FleetFault, match="not good"):
        signed.unpack_request(forged)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(209, None), (211, FleetCode.TOKEN_EXPIRED), (-29, None), (-31, FleetCode.INVALID_TOKEN)],
)
def test_a_token_holds_for_180_s_and_clocks_may_differ_by_30(signed, seconds, code):
    later = FleetWire(signer=JwtSigner(SECRET), wall_clock=lambda: NOW + seconds, monotonic=lambda: 0.0)
    body = signed.pack_request(CHAT)

    if code is None:
        assert later.unpack_request(body).request_id == "req_1"
    else:
        with pytest.raises(FleetFault, match="clocks") as caught:
            later.unpack_request(body)
        assert caught.value.code is code


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"aud": "somebody"},
        {"exp": "soon"},
        {"jti": None},
    ],
)
def test_a_token_of_another_issuer_or_for_another_audience_is_refused(claims):
    good = {"iss": ISSUER, "aud": AUDIENCE, "iat": int(NOW), "nbf": int(NOW), "exp": int(NOW) + 180, "jti": "j"}
    signer = JwtSigner(SECRET)

    with pytest.raises(FleetFault) as caught:
        signer.read(signer.sign(good | claims), NOW)

    assert caught.value.code is FleetCode.INVALID_TOKEN


def test_a_token_without_signature_is_refused():
    unsigned = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJsZWdpb24tbGxtIn0."

    with pytest.raises(FleetFault, match="not good"):
        JwtSigner(SECRET).read(unsigned, NOW)


def test_a_short_secret_is_refused_with_a_remedy():
    with pytest.raises(SettingsError, match="at least 32 bytes, got 5; `openssl"):
        JwtSigner(Secret("short"))


# -- what else ---------------------------------------------------------------------------------------------------------


def test_the_same_request_has_the_same_key_and_another_one_another():
    again = attrs.evolve(CHAT, correlation_id="corr_2", attempt=2, expires_at=1.0)
    other = attrs.evolve(CHAT, params=attrs.evolve(CHAT.params, messages=(ChatMessage(content="Bye"),)))

    assert wire().key_of(CHAT) == wire().key_of(again) != wire().key_of(other)


def test_encrypted_bodies_hold_nothing_that_can_be_read_and_are_read_with_any_of_the_keys():
    old, new = (Secret(Fernet.generate_key().decode()) for _ in range(2))
    body = wire(cipher=FernetCipher([old])).pack_request(CHAT)

    assert b"Hello" not in body
    assert wire(cipher=FernetCipher([new, old])).unpack_request(body) == CHAT


def test_where_bodies_are_encrypted_plain_ones_are_refused():
    private = wire(cipher=FernetCipher([Secret(Fernet.generate_key().decode())]))

    with pytest.raises(FleetFault, match="not encrypted with a key of this fleet"):
        private.unpack_request(wire().pack_request(CHAT))


def test_a_wrong_key_is_refused_with_a_remedy():
    with pytest.raises(SettingsError, match="32 bytes in URL-safe base64; `openssl"):
        FernetCipher([Secret("short")])
