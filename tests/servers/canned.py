"""HTTP answers as bytes, and the script that serves a dialect's canned answers, well or badly."""

from __future__ import annotations

import enum
import gzip
from collections.abc import Callable, Mapping

import attrs
from scripted import Action, Close, Hang, ReceivedRequest, Reset, Script, ScriptedServer, Send, Trickle

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body>hello</body></html>"


class Fault(enum.StrEnum):
    """What the upstream does wrong; those marked (stream) answer a plain request well."""

    NONE = "none"
    REFUSE = "refuse"
    RESET_BEFORE_HEADERS = "reset_before_headers"
    CLOSE_BEFORE_HEADERS = "close_before_headers"
    NOT_HTTP = "not_http"
    HANG_BEFORE_FIRST_BYTE = "hang_before_first_byte"
    HANG_AFTER_HEADERS = "hang_after_headers"
    HANG_BETWEEN_CHUNKS = "hang_between_chunks"
    HANG_AFTER_TERMINAL_FRAME = "hang_after_terminal_frame"  # (stream)
    HALF_BODY = "half_body"
    MALFORMED_CHUNKED = "malformed_chunked"
    INVALID_JSON = "invalid_json"
    HTML_200 = "html_200"
    HTML_502 = "html_502"
    CUT = "cut"  # FIN in the middle
    RESET_IN_THE_MIDDLE = "reset_in_the_middle"
    NO_TERMINAL_FRAME = "no_terminal_frame"  # (stream)
    ERROR_EVENT = "error_event"
    STATUS_401 = "status_401"
    STATUS_429 = "status_429"
    STATUS_429_RETRY_AFTER = "status_429_retry_after"
    STATUS_500 = "status_500"
    STATUS_503_RETRY_AFTER = "status_503_retry_after"
    STATUS_529 = "status_529"  # Anthropic's "overloaded"
    REDIRECT = "redirect"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    TRICKLE = "trickle"
    CLOSE_AFTER_EACH = "close_after_each"  # the idle keep-alive connection dies without a word
    GZIP = "gzip"
    NOT_STREAMED = "not_streamed"  # (stream) one JSON document in place of a stream


@attrs.frozen(kw_only=True)
class Canned:
    """A dialect's answers as bytes.

    Attributes:
        frames: The events of a stream, without the terminal one.
        error_frame: An error sent as an event of a stream.
        error_body: An error as a JSON document.
        chat_path: Where questions are answered.
        stream_path: Where they are answered as streams, in a dialect that has a path of its own for that; None for the same.
    """

    chat_path: str
    models_path: str
    whole: bytes
    models: bytes
    frames: tuple[bytes, ...]
    terminal_frame: bytes
    error_frame: bytes
    error_body: bytes
    stream_type: str
    wants_stream: Callable[[ReceivedRequest], bool]
    stream_path: str | None = None


def answer(
    body: bytes,
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    length: int | None = None,
    headers: Mapping[str, str] = {},
) -> bytes:
    """An HTTP answer with a Content-Length, `length` when it shall lie."""
    extra = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {size}\r\n{extra}\r\n".encode() + body


def stream_head(content_type: str, **headers: str) -> bytes:
    """The head of a chunked answer."""
    extra = "".join([f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()])
    return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n{extra}\r\n".encode()


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked answer."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def well_streamed(canned: Canned, content_type: str | None = None) -> bytes:
    """The whole stream as one piece of bytes."""
    frames = b"".join([chunk(frame) for frame in (*canned.frames, canned.terminal_frame)])
    return stream_head(content_type or canned.stream_type) + frames + LAST_CHUNK


def upstream(canned: Canned, fault: Fault = Fault.NONE) -> ScriptedServer:
    """A server that speaks `canned`, wrong in the way that `fault` says. Enter it as a context."""
    return ScriptedServer(_script(canned, fault), listen=fault is not Fault.REFUSE)


def _script(canned: Canned, fault: Fault) -> Script:
    anywhere = _ANYWHERE.get(fault)
    in_whole = _whole_faults(canned).get(fault)
    in_stream = _stream_faults(canned).get(fault)

    def script(request: ReceivedRequest) -> tuple[Action, ...]:
        if anywhere is not None:
            return anywhere
        if request.path == canned.models_path:
            return in_whole if in_whole is not None else (Send(answer(canned.models)),)
        if request.path not in (canned.chat_path, canned.stream_path):
            return (Send(answer(b'{"error": {"message": "no such path"}}', status="404 Not Found")),)
        if canned.wants_stream(request):
            return in_stream if in_stream is not None else _frame_by_frame(canned)
        return in_whole if in_whole is not None else (Send(answer(canned.whole)),)

    return script


def _frame_by_frame(canned: Canned) -> tuple[Action, ...]:
    frames = [Send(chunk(frame)) for frame in (*canned.frames, canned.terminal_frame)]
    return (Send(stream_head(canned.stream_type)), *frames, Send(LAST_CHUNK))


_STATUS_LINES = {
    Fault.STATUS_401: ("401 Unauthorized", {}),
    Fault.STATUS_429: ("429 Too Many Requests", {}),
    Fault.STATUS_429_RETRY_AFTER: ("429 Too Many Requests", {"Retry-After": "7"}),
    Fault.STATUS_500: ("500 Internal Server Error", {}),
    Fault.STATUS_503_RETRY_AFTER: ("503 Service Unavailable", {"Retry-After": "3"}),
    Fault.STATUS_529: ("529 Site Is Overloaded", {}),
}

# What goes wrong below the dialect: any request meets it.
_ANYWHERE: dict[Fault, tuple[Action, ...]] = {
    Fault.RESET_BEFORE_HEADERS: (Reset(),),
    Fault.CLOSE_BEFORE_HEADERS: (Close(),),
    Fault.NOT_HTTP: (Send(b"220 mail.example.org ESMTP\r\n"), Close()),
    Fault.HANG_BEFORE_FIRST_BYTE: (Hang(),),
    Fault.HTML_200: (Send(answer(HTML_PAGE, content_type="text/html")),),
    Fault.HTML_502: (Send(answer(HTML_PAGE, status="502 Bad Gateway", content_type="text/html")),),
    Fault.REDIRECT: (
        Send(answer(b"", status="307 Temporary Redirect", headers={"Location": "http://192.0.2.1/elsewhere"})),
    ),
}


def _errors(canned: Canned) -> dict[Fault, tuple[Action, ...]]:
    return {
        fault: (Send(answer(canned.error_body, status=status, headers=headers)),)
        for fault, (status, headers) in _STATUS_LINES.items()
    }


def _whole_faults(canned: Canned) -> dict[Fault, tuple[Action, ...]]:
    whole, half = canned.whole, canned.whole[: len(canned.whole) // 2]
    promised = answer(half, length=len(whole))
    return _errors(canned) | {
        Fault.HANG_AFTER_HEADERS: (Send(answer(b"", length=len(whole))), Hang()),
        Fault.HANG_BETWEEN_CHUNKS: (Send(promised), Hang()),
        Fault.HALF_BODY: (Send(promised), Close()),
        Fault.CUT: (Send(promised), Close()),
        Fault.RESET_IN_THE_MIDDLE: (Send(promised), Reset()),
        Fault.MALFORMED_CHUNKED: (Send(stream_head("application/json") + b"zz\r\n" + half), Close()),
        Fault.INVALID_JSON: (Send(answer(half)),),
        Fault.ERROR_EVENT: (Send(answer(canned.error_body)),),
        Fault.WRONG_CONTENT_TYPE: (Send(answer(whole, content_type="text/plain")),),
        Fault.TRICKLE: (Trickle(answer(whole), 0.0002),),
        Fault.CLOSE_AFTER_EACH: (Send(answer(whole)), Close()),
        Fault.GZIP: (Send(answer(gzip.compress(whole), headers={"Content-Encoding": "gzip"})),),
    }


def _stream_faults(canned: Canned) -> dict[Fault, tuple[Action, ...]]:
    head = stream_head(canned.stream_type)
    middle = len(canned.frames) // 2 + 1
    begun = head + b"".join([chunk(frame) for frame in canned.frames[:middle]])
    frames = b"".join([chunk(frame) for frame in canned.frames])
    zipped = gzip.compress(b"".join(canned.frames) + canned.terminal_frame)
    return _errors(canned) | {
        Fault.HANG_AFTER_HEADERS: (Send(head), Hang()),
        Fault.HANG_BETWEEN_CHUNKS: (Send(begun), Hang()),
        Fault.HANG_AFTER_TERMINAL_FRAME: (Send(head + frames + chunk(canned.terminal_frame)), Hang()),
        Fault.HALF_BODY: (Send(begun + chunk(canned.frames[-1])[:-5]), Close()),
        Fault.CUT: (Send(begun), Close()),
        Fault.RESET_IN_THE_MIDDLE: (Send(begun), Reset()),
        Fault.MALFORMED_CHUNKED: (Send(begun + b"zz\r\nnonsense"), Close()),
        Fault.INVALID_JSON: (Send(begun + chunk(canned.frames[0].replace(b'":', b'";')) + LAST_CHUNK),),
        Fault.NO_TERMINAL_FRAME: (Send(begun + LAST_CHUNK),),
        Fault.ERROR_EVENT: (Send(begun + chunk(canned.error_frame) + LAST_CHUNK),),
        Fault.WRONG_CONTENT_TYPE: (Send(well_streamed(canned, "text/plain")),),
        Fault.TRICKLE: (Trickle(well_streamed(canned), 0.0002),),
        Fault.CLOSE_AFTER_EACH: (Send(well_streamed(canned)), Close()),
        Fault.GZIP: (Send(stream_head(canned.stream_type, Content_Encoding="gzip") + chunk(zipped) + LAST_CHUNK),),
        Fault.NOT_STREAMED: (Send(answer(canned.whole)),),
    }
