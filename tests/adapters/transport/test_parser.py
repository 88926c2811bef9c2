from __future__ import annotations

from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.transport.limits import TransportLimits
from legion_llm.adapters.transport.parser import ResponseParser

LIMITS = TransportLimits(max_header_bytes=512, max_headers=4, max_framing_bytes=256)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Empty:\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: t\r\n\r\n"
)


@pytest.fixture
def parser():
    return ResponseParser(LIMITS)


def test_a_whole_response_in_one_piece_is_parsed(parser):
    parser.feed(PLAIN)

    assert (parser.status, parser.complete, parser.keep_alive) == (200, True, True)
    assert parser.headers == [(b"Content-Length", b"5"), (b"X-Empty", b"")]
    assert parser.take_body() == b"hello"


def test_interim_responses_and_trailers_leave_no_trace(parser):
    parser.feed(CHUNKED)

    assert (parser.status, parser.complete, parser.keep_alive) == (200, True, True)
    assert parser.headers == [(b"Transfer-Encoding", b"chunked")]
    assert parser.take_body() == b"hello"


def test_trailers_do_not_become_headers_of_the_next_response(parser):
    parser.feed(CHUNKED)

    parser.start(bodiless=False)
    parser.feed(PLAIN)

    assert parser.headers == [(b"Content-Length", b"5"), (b"X-Empty", b"")]
    assert parser.take_body() == b"hello"


@pytest.mark.parametrize("surplus", [b"garbage", PLAIN, b"HTTP/1.1 2"])
def test_what_follows_a_response_is_no_part_of_it_and_ends_keep_alive(parser, surplus):
    parser.feed(PLAIN + surplus)

    assert parser.take_body() == b"hello"
    assert (parser.status, parser.complete, parser.keep_alive) == (200, True, False)


@pytest.mark.parametrize("status", [204, 304])
def test_responses_without_body_end_with_their_head(parser, status):
    parser.feed(b"HTTP/1.1 %d X\r\nETag: a\r\n\r\n" % status)

    assert (parser.complete, parser.keep_alive, parser.take_body()) == (True, True, b"")


def test_a_declared_body_in_answer_to_head_is_not_awaited_and_ends_keep_alive(parser):
    parser.start(bodiless=True)

    parser.feed(PLAIN.removesuffix(b"hello"))

    assert (parser.complete, parser.keep_alive, parser.take_body()) == (True, False, b"")


def test_a_body_sent_in_answer_to_head_is_dropped(parser):
    parser.start(bodiless=True)

    parser.feed(PLAIN.removesuffix(b"lo"))

    assert (parser.complete, parser.keep_alive, parser.take_body()) == (True, False, b"")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (b"garbage\r\n\r\n", "malformed"),
        (b"HTTP/2 200 OK\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "malformed"),
        (b"HTTP/1.1 099 Huh\r\n\r\n", "unexpected status 99"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "unexpected status 101"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhi", "unexpected status 101"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5 + b"\r\n", "more than 4 headers"),
        (b"HTTP/1.1 100 OK\r\n" + b"A: b\r\n" * 5 + b"\r\n", "more than 4 headers"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 600 + b"\r\n\r\n", "larger than 512 bytes"),
        (b"HTTP/1.1 200 " + b"b" * 600, "larger than 512 bytes"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 30, "larger than 512 bytes"),
    ],
)
def test_bad_responses_are_protocol_errors(parser, response, reason):
    with pytest.raises(httpx.RemoteProtocolError, match=reason):
        parser.feed(response)


def test_a_head_of_just_the_allowed_size_is_fine(parser):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: "
    head += b"b" * (512 - len(head) - 4) + b"\r\n\r\n"

    parser.feed(head + b"abc")

    assert (len(head), parser.complete, parser.take_body()) == (512, True, b"abc")


@pytest.mark.parametrize("endless", [b"5;ext=", b"0\r\nTrailer: "])
def test_an_endless_chunk_extension_or_trailer_is_cut_off(parser, endless):
    parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + endless)

    parser.feed(b"x" * 200)

    with pytest.raises(httpx.RemoteProtocolError, match="more than 256 bytes"):
        parser.feed(b"x" * 60)


def test_short_chunk_extensions_never_add_up_to_the_limit(parser):
    parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

    for _ in range(50):
        parser.feed(b"1;" + b"e" * 90)
        parser.feed(b"\r\nx\r\n")

    assert parser.take_body() == b"x" * 50


@pytest.mark.parametrize(
    ("headers", "ends"),
    [
        (b"", True),
        (b"Transfer-Encoding: gzip\r\n", True),
        (b"Transfer-Encoding: chunked\r\n", False),
        (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\n", False),
        (b"content-length: 99\r\n", False),
    ],
)
def test_the_end_of_the_connection_ends_a_body_only_where_nothing_else_does(parser, headers, ends):
    parser.feed(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n3\r\nabc")

    if ends:
        parser.feed(b"")
        assert (parser.complete, parser.keep_alive) == (True, False)
    else:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete body"):
            parser.feed(b"")


def test_an_end_before_anything_and_one_inside_the_head_are_told_apart(parser):
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        parser.feed(b"")
    parser.feed(b"HTTP/1.1 2")
    with pytest.raises(httpx.RemoteProtocolError, match="inside the response head"):
        parser.feed(b"")


@pytest.mark.parametrize(
    ("response", "keep_alive"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_keep_alive_is_what_the_server_says(parser, response, keep_alive):
    parser.feed(response)

    assert parser.keep_alive is keep_alive


@given(st.sampled_from([PLAIN, CHUNKED]), st.lists(st.integers(0, 200), max_size=8))
def test_cuts_between_reads_do_not_change_what_is_read(response, cuts):
    parser = ResponseParser(LIMITS)
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(response)}), len(response)]

    body = b""
    for start, end in pairwise(edges):
        parser.feed(response[start:end])
        body += parser.take_body()

    assert (parser.status, parser.complete, parser.keep_alive, body) == (200, True, True, b"hello")


@given(st.binary(max_size=400), st.integers(0, 120))
def test_random_bytes_are_refused_or_parsed_but_never_crash(noise, kept):
    parser = ResponseParser(LIMITS)

    try:
        parser.feed(CHUNKED[:kept] + noise)
        parser.feed(b"")
    except httpx.RemoteProtocolError:
        assert not parser.complete or not parser.keep_alive
