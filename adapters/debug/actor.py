"""Lets operators look in."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from ...messages.base import Message
from ...messages.errors import InvalidRequestError, LegionError, StartFailed
from ...messages.secret import Secret
from ...messages.settings import DebugSettings
from ...runtime import ASYNCIO, Actor
from ..admittance import Admittance
from .operations import Operations
from .protocol import Question, answer, event_frames, parse_question, refusal
from .watch import Look, events_between

if TYPE_CHECKING:
    from zmq.asyncio import Socket

logger = logging.getLogger(__name__)

# Questions that are answered at once, and answers that may wait for a slow asker; more are dropped, which that asker notices by its silence.
_MOST_AT_ONCE: Final = 16
_HIGH_WATER: Final = 1000
_FRAMES: Final = 3


@attrs.frozen(kw_only=True)
class DebugAddresses(Message[tuple[str | None, str | None]]):
    """Where are questions answered, and events published?"""


class DebugPort(Actor[DebugAddresses]):
    """Owns the sockets, and what it saw at its last look. Takes DebugAddresses.

    Questions are answered beside each other. Events are found by looking twice, and only while somebody listens: nobody has to tell this actor
    anything, so that it costs nobody anything.

    Args:
        settings: Where, and who may.
        secret_key: The port's CURVE secret key, or None.
        operations: Answers.
        look: Looks at the system.
    """

    home = ASYNCIO

    def __init__(
        self, settings: DebugSettings, secret_key: Secret | None, operations: Operations, look: Callable[[], Any]
    ) -> None:
        super().__init__()
        self._settings = settings
        self._secret_key = secret_key
        self._operations = operations
        self._look = look
        self._asked = self._refused = self._published = self._listeners = 0
        self._addresses: tuple[str | None, str | None] = (None, None)
        self._at_once = asyncio.Semaphore(_MOST_AT_ONCE)
        self._admittance: Admittance | None = None

    async def on_start(self) -> None:
        """Bind.

        Raises:
            StartFailed: An address is taken, or cannot be bound.
        """
        import zmq  # noqa: PLC0415 - loaded where the port is switched on
        import zmq.asyncio  # noqa: PLC0415 - likewise

        context = zmq.asyncio.Context()
        self.spawn(self._hold, context)
        if self._secret_key is not None:
            self._admittance = Admittance(context, self._secret_key, self._settings.allowed_keys, "debug.secret_key")
        questions = events = None
        if self._settings.address is not None:
            socket = context.socket(zmq.ROUTER)
            questions = self._bind(socket, self._settings.address)
            self.spawn(self._serve, socket)
        if self._settings.events is not None:
            socket = context.socket(zmq.XPUB)
            events = self._bind(socket, self._settings.events)
            self.spawn(self._count_listeners, socket)
            self.spawn(self._publish, socket)
        self._addresses = (questions, events)

    def on_debug_addresses(self, _message: DebugAddresses) -> tuple[str | None, str | None]:
        """Return where questions are answered, and where events are published."""
        return self._addresses

    def snapshot(self) -> dict[str, Any]:
        """Return the addresses, and how much was asked."""
        return {
            "address": self._addresses[0],
            "events": self._addresses[1],
            "asked": self._asked,
            "refused": self._refused,
            "published": self._published,
            "listeners": self._listeners,
        }

    def _bind(self, socket: Socket, address: str) -> str:
        import zmq  # noqa: PLC0415 - as above

        socket.linger = 0
        socket.sndhwm = socket.rcvhwm = _HIGH_WATER
        socket.maxmsgsize = self._settings.max_frame_bytes
        if self._admittance is not None:
            self._admittance.guard(socket)
        # A file must never be there for others, not even for the moment between bind and chmod.
        before = os.umask(0o177)
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            raise StartFailed(f"the debug port cannot use {address}: {error}") from error
        finally:
            os.umask(before)
        return socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    async def _hold(self, context: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            if self._admittance is not None:
                self._admittance.stop()
            context.destroy(linger=0)
            self._remove_files()

    def _remove_files(self) -> None:
        for address in (self._settings.address, self._settings.events):
            if address is not None and address.startswith("ipc://"):
                Path(address.removeprefix("ipc://")).unlink(missing_ok=True)

    # -- questions

    async def _serve(self, socket: Socket) -> None:
        while True:
            frames = await socket.recv_multipart()
            await self._at_once.acquire()
            self.spawn(self._reply, socket, frames)

    async def _reply(self, socket: Socket, frames: list[bytes]) -> None:
        try:
            said = await self._answer_to(frames)
            if said is not None:
                await self._send(socket, [*frames[:-1], said])
        finally:
            self._at_once.release()

    async def _answer_to(self, frames: list[bytes]) -> bytes | None:
        """Answer a question; None for what has no asker that could be answered."""
        self._asked += 1
        if not 1 < len(frames) <= _FRAMES:  # who asks, perhaps an empty frame (REQ sends one), and the question
            self._refused += 1
            return None
        question: Question | None = None
        try:
            question = parse_question(frames[-1], self._settings.max_frame_bytes)
            return answer(question.id, await self._operations.answer(question.op, question.args))
        except LegionError as error:
            self._refused += 1
            return refusal(None if question is None else question.id, error)
        except (
            TypeError,
            ValueError,
        ) as error:  # a snapshot that no JSON can say: a bug of that actor's, and no reason to stop this one
            logger.warning("the answer to a question at the debug port cannot be written: %s", error)
            return refusal(
                None if question is None else question.id, InvalidRequestError(f"cannot be written: {error}")
            )

    async def _send(self, socket: Socket, frames: list[bytes]) -> None:
        import zmq  # noqa: PLC0415 - as above

        try:
            await socket.send_multipart(frames, flags=zmq.DONTWAIT)
        except zmq.ZMQError:
            self._refused += 1  # the asker has gone, or reads too slowly

    # -- events

    async def _count_listeners(self, socket: Socket) -> None:
        while True:
            [said] = (await socket.recv_multipart())[:1]
            self._listeners += {1: 1, 0: -1}.get(said[0], 0) if said else 0

    async def _publish(self, socket: Socket) -> None:
        before: Look | None = None
        while True:
            await asyncio.sleep(self._settings.interval)
            if self._listeners <= 0:
                before = None
                continue
            after: Look = await self._look()
            if before is not None:
                for topic, data in events_between(before, after, slow_ms=self._settings.slow_ms):
                    self._published += 1
                    await self._send(socket, event_frames(topic, {"at": self.clock.time(), **data}))
            before = after
