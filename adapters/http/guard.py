"""uvicorn's httptools protocol with what it lacks: a bound on the head of a request, and time limits for clients that dawdle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

import attrs
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ...messages.errors import InvalidRequestError, RequestTooLargeError
from ..dialects.protocol import ServedDialect
from .answers import Answer, error_answer, fresh_request_id
from .config import HttpApiConfig
from .faults import CLOSE, HttpFault
from .waiting import CONNECTION

logger = logging.getLogger(__name__)
# uvicorn warns of every malformed request: whoever sends garbage would fill the host's log. Failures of ours are still told.
logger.setLevel(logging.ERROR)


@attrs.define
class Guard:
    """What the connections of one server have in common.

    Attributes:
        on_closed: Called after each connection has ended.
        is_draining: Whether each answer is the last one of its connection.
    """

    config: HttpApiConfig
    dialect: ServedDialect
    on_closed: Callable[[], None]
    is_draining: bool = False


class StopParsing(Exception):
    """Raised inside the parser to make it stop; it comes out as `send_400_response`."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection; it answers one request after the other, and is the `Connection` in their scopes.

    The head is counted twice: field by field while it is parsed, exactly, and in raw bytes while it is incomplete, since the parser keeps an
    unfinished field to itself. So neither one huge field nor a flood of small ones gets past, and a body in the same packet does not count.
    """

    guard: ClassVar[Guard]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Ours, because we are guests: uvicorn's loggers belong to the host.
        self.logger = logger
        self.access_log = False
        self._limit = self.guard.config.settings.max_header_bytes
        self.timeout_keep_alive = self.guard.config.settings.keep_alive_timeout  # type: ignore[assignment]  # seconds, whole or not
        self._in_head = False
        self._head_is_new = False
        self._head_bytes = 0
        self._parsed_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._broken = False
        self.is_lost = False
        self.on_lost: Callable[[], object] | None = None
        self._fault: HttpFault | None = None

    # -- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Expect a request soon."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever works for the client, and the server; forget the timers."""
        self.is_lost = True
        if self.on_lost is not None:
            self.on_lost()
        self._forget_head_timer()
        self._unset_stall_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        self.guard.on_closed()

    def data_received(self, data: bytes) -> None:
        """Parse, unless nothing sensible can follow; then see that a head does not take for ever."""
        if not self._listens():
            return
        super().data_received(data)
        if self._in_head:
            self._count_raw(len(data))
        if self._listens() and not self.is_busy():
            self._expect_head()

    def _listens(self) -> bool:
        """Whether what the client says can still matter."""
        return not self._broken and not self.transport.is_closing()

    # -- the head

    def on_message_begin(self) -> None:
        """Begin to count.

        Raises:
            StopParsing: A client that does not wait for its answer. It gets that one, and has to come back for others, as RFC 9112 9.3.2 lets it
                expect: uvicorn would queue them, and while it does so it does not notice that the client leaves.
        """
        if self.is_busy():
            raise StopParsing
        self._in_head = self._head_is_new = True
        self._head_bytes = 0
        self._parsed_bytes = 0
        super().on_message_begin()
        # Types of ASGI scopes know no keys of a server's own.
        self.scope[CONNECTION] = self  # type: ignore[typeddict-unknown-key]

    def on_url(self, url: bytes) -> None:
        """Count the target."""
        self._parsed_bytes += len(url)
        self._check_parsed()
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a field with its colon, blank and line end."""
        self._parsed_bytes += len(name) + len(value) + 4
        if self._parsed_bytes > self._limit:
            self._check_parsed()
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the request begin."""
        self._in_head = False
        self._forget_head_timer()
        super().on_headers_complete()
        if self.guard.is_draining:
            self.cycle.keep_alive = False

    def _count_raw(self, size: int) -> None:
        # The packet in which a head begins may hold the end of another request: it does not count, and is no larger than one read.
        if self._head_is_new:
            self._head_is_new = False
            return
        self._head_bytes += size
        if self._head_bytes > self._limit and self._listens():
            self._refuse(self._head_too_large())

    def _check_parsed(self) -> None:
        if self._parsed_bytes > self._limit:
            self._fault = self._head_too_large()
            raise StopParsing

    def _head_too_large(self) -> HttpFault:
        error = RequestTooLargeError(f"the head of the request is larger than {self._limit} bytes")
        return HttpFault(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, error, (CLOSE,))

    @property
    def has_whole_body(self) -> bool:
        """Whether the body of the request that is being answered has arrived."""
        return not self.cycle.more_body

    # -- refusals that no application sees

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser could not read; uvicorn calls this."""
        self._refuse(self._fault or HttpFault(HTTPStatus.BAD_REQUEST, InvalidRequestError(msg), (CLOSE,)))

    def _refuse(self, fault: HttpFault) -> None:
        """Answer and close; what comes behind a whole request must not get into that one's answer, which ends the connection instead."""
        self._broken = True
        self._forget_head_timer()
        if self.is_busy() and not self.cycle.more_body:
            self.cycle.keep_alive = False
        elif self.is_busy() and self.cycle.response_started:
            self.transport.close()
        else:
            self.transport.write(_wire(error_answer(self.guard.dialect, fault, fresh_request_id())))
            self._linger()

    def _linger(self) -> None:
        """Close our half and let the client read why, while what it still sends is thrown away: closing both would reset the connection."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._head_timer = self.loop.call_later(self.guard.config.linger_timeout, self.transport.abort)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        # uvicorn's annotation promises a cycle, its constructor sets None.
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    # -- time limits

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.guard.config.head_timeout, self._head_timed_out)

    def _forget_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_timed_out(self) -> None:
        self._head_timer = None
        if self._in_head:
            seconds = self.guard.config.head_timeout
            error = InvalidRequestError(f"the head of the request did not arrive within {seconds:g} s")
            self._refuse(HttpFault(HTTPStatus.REQUEST_TIMEOUT, error, (CLOSE,)))
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        """The client does not read: it has a limited time to go on."""
        super().pause_writing()
        if self._stall_timer is None:
            self._stall_timer = self.loop.call_later(self.guard.config.stall_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._unset_stall_timer()

    def _unset_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None


def guarded_protocol(guard: Guard) -> type[GuardedProtocol]:
    """Return the protocol class for one server: uvicorn makes the connections, and hands them nothing of ours."""
    return type("GuardedConnection", (GuardedProtocol,), {"guard": guard})


def _wire(answer: Answer) -> bytes:
    """Return an answer as HTTP/1.1, for requests that no application has seen."""
    status = HTTPStatus(answer.status)
    headers = (*answer.headers, (b"content-length", b"%d" % len(answer.body)))
    lines = [b"HTTP/1.1 %d %s" % (status.value, status.phrase.encode()), *[b"%s: %s" % header for header in headers]]
    return b"\r\n".join(lines) + b"\r\n\r\n" + answer.body
