"""A database that is held open and written in groups: whoever asks while one commit runs goes into the next."""

from __future__ import annotations

import asyncio
import collections
import copy
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final, Protocol

from ....messages.errors import StoreConflict, StoreError, StoreFull, StoreInUse, StoreUnavailable
from ..status import StoreStatus
from .writes import Statement, Write, merged

logger = logging.getLogger(__name__)

# Writes in one commit; more wait for the next, so that the first of them do not wait for all.
_MOST_TOGETHER: Final = 2000


class Unkeepable(Exception):
    """A value, or a statement, that the database cannot take; what it said is the cause. Nothing was kept."""


class Interrupted(Exception):
    """The connection is gone, and nothing of what was under way was kept: it may be asked again, unseen by those who wait.

    Attributes:
        fault: What to tell them where it cannot.
    """

    def __init__(self, fault: StoreUnavailable) -> None:
        super().__init__(str(fault))
        self.fault = fault


def is_lasting(fault: StoreError) -> bool:
    """Whether the connection is of no use after this: it is opened anew. A full disk, a busy file and a conflict leave it as it was."""
    return not isinstance(fault, (StoreFull, StoreInUse, StoreConflict)) and type(fault) is not StoreError


class Writer(Protocol):
    """An open connection that writes."""

    async def commit(self, statements: Iterable[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        """Execute each statement for its rows, all together or none; returns when they are durable.

        Raises:
            Interrupted: The connection is gone; nothing was kept.
            StoreError: Why else nothing was kept, unless the message says that this is not known.
            Unkeepable: What to find out one by one.
        """

    async def ping(self) -> None:
        """Ask whether it is still there.

        Raises:
            StoreError: It is not.
        """


class KeptDatabase(ABC):
    """A database, as its keeper runs it and as the stores use it. Everything here happens on one asyncio loop.

    Args:
        name: Its file or server, for people.
        timeout: Seconds that a read or a write may take.
        max_pending: Writes that may wait for their commit.
        retry: Seconds between two tries to open what cannot be opened: far below the 5 s within which a store that is back must be found.
        heartbeat: Seconds without a write after which it is asked whether it is still there; None never asks.
    """

    def __init__(
        self, name: str, *, timeout: float, max_pending: int, retry: float, heartbeat: float | None = None
    ) -> None:
        self.name = name
        self._timeout = timeout
        self._max_pending = max_pending
        self._retry = retry
        self._heartbeat = heartbeat
        self._pending: collections.deque[Write] = collections.deque()
        self._committing: tuple[Write, ...] = ()
        self._committing_since = 0.0
        self._arrived = asyncio.Event()
        self._known = asyncio.Event()
        self._open = asyncio.Event()
        self._opened_at = 0.0
        # Why it is closed, and what the last commit met; both None when all is well.
        self._closed: StoreError | None = None
        self._complaint: StoreError | None = None
        self._commits = 0
        self._committed = 0

    # -- for the keeper

    async def run(self) -> None:
        """Hold it open and commit what is asked for, until cancelled; what was asked for before that is committed still."""
        try:
            while True:
                try:
                    async with self._opened() as writer:
                        await self._serve(writer)
                except Interrupted as lost:
                    if self._has_served():
                        logger.warning("the store is opened anew: %s", lost)
                        continue
                    self._give_up(lost.fault)
                except StoreError as error:
                    self._give_up(error)
                await asyncio.sleep(self._retry)
        finally:
            self._fail_pending(self._unavailable("it is closed"))

    async def known(self) -> None:
        """Wait until the first try to open it has ended, one way or the other."""
        await self._known.wait()

    def status(self) -> StoreStatus:
        """Return how it is."""
        return StoreStatus(
            name=self.name,
            fault=self._closed or self._stuck() or self._complaint,
            pending=len(self._pending) + len(self._committing),
            commits=self._commits,
            committed=self._committed,
        )

    # -- for the stores

    async def write(self, *statements: Statement) -> None:
        """Keep the statements together or not at all; returns when they are durable.

        Raises:
            StoreUnavailable: It cannot be used now. Nothing was kept, unless the message says that this is not known.
            StoreConflict: What is there contradicts.
            StoreError: Why else it was not kept.
        """
        self._check()
        if len(self._pending) >= self._max_pending:
            raise self._unavailable(f"{self._max_pending} writes wait already")
        loop = asyncio.get_running_loop()
        write = Write(statements, loop.create_future())
        self._pending.append(write)
        self._arrived.set()
        # A timer by itself: `asyncio.timeout` costs as much as all the rest of a write that shares its commit with hundreds.
        expiry = loop.call_later(self._timeout, self._expire, write)
        try:
            await write.done
        finally:
            expiry.cancel()

    def _expire(self, write: Write) -> None:
        write.fail(self._unavailable(f"no answer within {self._timeout:g} s: whether this was kept is not known"))

    async def settle(self) -> None:
        """Wait until everything that is asked for now has been kept, or refused.

        Raises:
            StoreUnavailable: It takes too long.
        """
        if self._pending or self._committing:
            await self.write()  # an empty write comes after all those before it

    # -- for the kinds of databases

    @abstractmethod
    def _opened(self) -> AbstractAsyncContextManager[Writer]:
        """Open it, bring its schema forward, and say `_now_open()`; close it at the end.

        Raises:
            StoreError: Why it cannot be used.
        """

    def _now_open(self) -> None:
        if self._closed is not None:
            logger.warning("the store %s can be used again", self.name)
        self._closed = self._complaint = None
        self._opened_at = time.monotonic()
        self._open.set()
        self._known.set()

    def _check(self) -> None:
        """Refuse at once what would wait in vain.

        Raises:
            StoreError: It cannot be used now.
        """
        hopeless = self._closed or self._stuck()
        if hopeless is not None:
            raise copy.copy(hopeless)

    def _stuck(self) -> StoreError | None:
        """Return what to say of a disk, or a server, that does not answer."""
        if not self._committing:
            return None
        waited = time.monotonic() - self._committing_since
        return self._unavailable(f"no answer for {waited:.0f} s") if waited > self._timeout else None

    def _unavailable(self, why: str) -> StoreUnavailable:
        return StoreUnavailable(f"{self.name}: {why}", store=self.name)

    # -- when it fails

    def _has_served(self) -> bool:
        """Whether the connection served for a while, so that a new one may be expected to, and those who wait may go on waiting."""
        return time.monotonic() - self._opened_at > self._retry

    def _give_up(self, error: StoreError) -> None:
        """Tell everybody who waits why it does not go on for now."""
        if self._closed is None and self._known.is_set():
            logger.warning("the store has failed, and is opened anew every second: %s", error)
        self._closed = error
        self._known.set()
        self._fail_pending(error)

    def _complain(self, fault: StoreError) -> None:
        """A whole commit failed, and the connection is as good as before."""
        if type(self._complaint) is not type(fault):
            logger.warning("the store cannot keep what it should: %s", fault)
        self._complaint = fault

    # -- the commits

    async def _serve(self, writer: Writer) -> None:
        """Commit what comes; a commit under way is never cut, because nobody would know what became of it."""
        commit: asyncio.Future[None] | None = None
        try:
            while True:
                await self._wait_for_writes(writer)
                self._arrived.clear()
                while self._pending:
                    commit = asyncio.ensure_future(self._commit(writer))
                    await asyncio.shield(commit)
        except asyncio.CancelledError:
            await self._finish(writer, commit)
            raise

    async def _wait_for_writes(self, writer: Writer) -> None:
        while not self._pending:
            try:
                async with asyncio.timeout(self._heartbeat):
                    await self._arrived.wait()
                    return
            except TimeoutError:
                await writer.ping()

    async def _finish(self, writer: Writer, commit: asyncio.Future[None] | None) -> None:
        """The keeper ends, in peace or not: whoever asked before gets its commit."""
        with suppress(StoreError, Interrupted):  # those who wait hear it
            if commit is not None:
                await commit
            while self._pending:
                await self._commit(writer)

    async def _commit(self, writer: Writer) -> None:
        count = min(len(self._pending), _MOST_TOGETHER)
        writes = self._committing = tuple([self._pending.popleft() for _ in range(count)])
        self._committing_since = time.monotonic()
        try:
            await self._commit_together(writer, writes)
        except Interrupted:
            self._pending.extendleft(write for write in reversed(writes) if not write.done.done())
            raise
        finally:
            self._committing = ()

    async def _commit_together(self, writer: Writer, writes: tuple[Write, ...]) -> None:
        try:
            await writer.commit(merged(writes))
        except (StoreConflict, Unkeepable):
            await self._commit_apart(writer, writes)
        except StoreError as fault:
            self._fail(writes, fault)
            if is_lasting(fault):
                raise
            self._complain(fault)
        else:
            self._keep(writes)

    async def _commit_apart(self, writer: Writer, writes: tuple[Write, ...]) -> None:
        """One of them cannot be kept, and shall not take the others along."""
        for write in writes:
            try:
                await writer.commit(merged((write,)))
            except StoreError as fault:
                write.fail(fault)
                if is_lasting(fault):
                    self._fail(writes, fault)
                    raise
            except Unkeepable as error:
                write.fail(error.__cause__ or error)
            else:
                self._keep((write,))

    def _keep(self, writes: tuple[Write, ...]) -> None:
        if self._complaint is not None:
            logger.warning("the store %s takes writes again", self.name)
            self._complaint = None
        self._commits += 1
        self._committed += len(writes)
        for write in writes:
            write.keep()

    def _fail_pending(self, error: StoreError) -> None:
        self._fail(tuple(self._pending), error)
        self._pending.clear()

    @staticmethod
    def _fail(writes: tuple[Write, ...], error: StoreError) -> None:
        for write in writes:
            write.fail(copy.copy(error))
