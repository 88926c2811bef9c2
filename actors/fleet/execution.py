"""Does at a worker what a request of the fleet asks for: one attempt at one of its own instances."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from ...messages.chat import Chunk
from ...messages.embedding import EmbedCall, EmbedRequest
from ...messages.errors import UnsupportedCapability
from ...messages.fleet import FleetChat, FleetEmbed, FleetResponse
from ...messages.routing import Call, StreamCall
from ...messages.target import Target
from ...runtime import Address
from .envelopes import answered, request_of, travelling
from .job import Job

SendFrame: TypeAlias = Callable[[Job, tuple[Chunk, ...]], Awaitable[None]]


class Execution:
    """Asks a connection, as an attempt of any request does: permits, limits, health and ledger work as for any other.

    Args:
        connection: Returns the address of the connection to an instance.
    """

    def __init__(self, connection: Callable[[str], Address]) -> None:
        self._connection = connection

    async def run(self, job: Job, target: Target, send: SendFrame) -> FleetResponse:
        """Return what came of it.

        Args:
            job: What is to be done.
            target: By which instance.
            send: Sends a frame of a stream.

        Raises:
            LegionError: Why nothing came of it.
        """
        match job.request:
            case FleetEmbed() as envelope:
                return await self._embed(envelope, target)
            case FleetChat(operation="stream") as envelope:
                return await self._stream(job, envelope, target, send)
            case FleetChat() as envelope:
                return await self._chat(envelope, target)
        raise UnsupportedCapability(f"a worker has no operation {job.request.operation!r}")

    async def _chat(self, envelope: FleetChat, target: Target) -> FleetResponse:
        call = Call(request=request_of(envelope), target=target, attempt=envelope.attempt)
        answer = await self._connection(target.instance).ask(call, timeout=envelope.timeout_seconds)
        return FleetResponse(**_of(envelope, target), answer=answered(answer))

    async def _stream(self, job: Job, envelope: FleetChat, target: Target, send: SendFrame) -> FleetResponse:
        call = StreamCall(request=request_of(envelope), target=target, attempt=envelope.attempt)
        async with self._connection(target.instance).stream(call, timeout=envelope.timeout_seconds) as stream:
            while chunks := await stream.read_many():
                await send(job, travelling(chunks))
            answer = await stream.reply
        return FleetResponse(**_of(envelope, target), answer=answered(answer))

    async def _embed(self, envelope: FleetEmbed, target: Target) -> FleetResponse:
        request = EmbedRequest(inputs=envelope.params.inputs, id=envelope.request_id, caller=envelope.caller)
        call = EmbedCall(request=request, batch=envelope.params, target=target, attempt=envelope.attempt)
        vectors = await self._connection(target.instance).ask(call, timeout=envelope.timeout_seconds)
        return FleetResponse(**_of(envelope, target), vectors=vectors)


def _of(envelope: FleetChat | FleetEmbed, target: Target) -> dict[str, Any]:
    return {
        "request_id": envelope.request_id,
        "correlation_id": envelope.correlation_id,
        "worker": "",
        "provider_instance": target.instance,
        "message_context": envelope.message_context,
    }
