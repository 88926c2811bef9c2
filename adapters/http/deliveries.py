"""Answers that clients come back for: kept until they are fetched, or too old."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from ...messages.chat import Request, Response
from ...messages.errors import LegionError, NotFoundError, SystemNotRunning
from ...messages.ids import new_id
from ...messages.settings import ResponseCacheSettings
from ...runtime import Reply
from .gateway import Gateway

# Answers that may be under way or wait for their client at once; further clients wait for theirs.
_MOST: Final = 1000


@attrs.define
class Delivery:
    """One answer.

    Attributes:
        reply: Where it comes from.
        done: Set when there is an answer, or an error.
        body: The answer as it will be sent, unless it lies in `file`.
        file: Where a large one lies.
        error: Why there is none.
    """

    reply: Reply[Response]
    done: asyncio.Event
    body: bytes | None = None
    file: Path | None = None
    error: LegionError | None = None

    def read(self) -> bytes:
        """Return the answer.

        Raises:
            LegionError: Why there is none.
        """
        if self.error is not None:
            raise self.error
        if self.file is not None:
            return self.file.read_bytes()
        assert self.body is not None
        return self.body


class Deliveries:
    """Keeps answers on the loop of the API. Ids have been checked: they are letters, digits, hyphens and underscores.

    Args:
        settings: For how long, and where large ones lie.
        gateway: Who answers.
        render: Turns an answer into the body that will be sent.
    """

    def __init__(
        self,
        settings: ResponseCacheSettings,
        gateway: Gateway,
        render: Callable[[Response], bytes],
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._render = render
        # By owner and id: clients choose ids, and two may choose the same.
        self._kept: dict[tuple[str | None, str], Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_full(self) -> bool:
        """Whether no more can be taken."""
        return len(self._kept) >= _MOST

    def begin(self, request: Request, owner: str | None) -> None:
        """Ask, and keep what comes.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """
        key = (owner, request.id)
        if key in self._kept:
            return  # sent again: the answer is under way
        delivery = self._kept[key] = Delivery(self._gateway.submit(request), asyncio.Event())
        task = asyncio.get_running_loop().create_task(self._follow(key, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self, request_id: str, owner: str | None, seconds: float) -> Delivery | None:
        """Return an answer, or None while it is under way; waits for it so long.

        Raises:
            NotFoundError: There is none of that id, or it is somebody else's.
        """
        delivery = self._kept.get((owner, request_id))
        if delivery is None:
            raise NotFoundError(f"there is no request {request_id!r} here; answers are kept for a limited time")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await delivery.done.wait()
        return delivery if delivery.done.is_set() else None

    async def _follow(self, key: tuple[str | None, str], delivery: Delivery) -> None:
        """Wait for the answer, keep it for its time, and forget it."""
        try:
            try:
                self._take(delivery, await delivery.reply)
            except LegionError as error:
                delivery.error = error
            except asyncio.CancelledError:
                delivery.reply.cancel()
                delivery.error = SystemNotRunning("the gateway is shutting down")
                raise
            finally:
                delivery.done.set()
            await asyncio.sleep(self._settings.ttl_seconds)
        finally:
            self._kept.pop(key, None)
            if delivery.file is not None:
                delivery.file.unlink(missing_ok=True)

    def _take(self, delivery: Delivery, response: Response) -> None:
        body = self._render(response)
        if len(body) < self._settings.spool_threshold_bytes:
            delivery.body = body
            return
        try:
            delivery.file = _written(Path(self._settings.spool_dir).expanduser(), body)
        except OSError as error:
            raise SystemNotRunning(f"the answer is too large to be kept, and could not be written: {error}") from error

    async def close(self) -> None:
        """Give up what is under way, and forget everything."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _written(folder: Path, body: bytes) -> Path:
    """Write a file of a name of its own that appears whole or not at all, for its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = new_id("answer_")
    final = folder / f"{name}.json"
    partial = folder / f"{name}.part"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
    partial.replace(final)
    return final
