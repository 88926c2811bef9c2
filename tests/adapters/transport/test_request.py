from __future__ import annotations

import httpx
import pytest
from legion_llm.adapters.transport.limits import Origin
from legion_llm.adapters.transport.request import body_of, encode_head, origin_of


def test_a_head_keeps_order_and_case_of_its_headers():
    request = httpx.Request("POST", "http://a.example/v1/ü?q=1 2", headers={"X-Key": "k", "x-b": ""}, content=b"hi")

    head = encode_head(request)

    assert head == (
        b"POST /v1/%C3%BC?q=1%202 HTTP/1.1\r\nHost: a.example\r\nX-Key: k\r\nx-b: \r\nContent-Length: 2\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nInjected: yes"),
        ("X", "a\nb"),
        ("X", "a\rb"),
        ("X", "a\0b"),
        ("X\r\nInjected", "yes"),
        ("X: y", "z"),
        ("X ", "z"),
        ("", "z"),
    ],
)
def test_headers_that_could_smuggle_are_refused_without_showing_their_value(name, value):
    request = httpx.Request("GET", "http://a.example/", headers={name: value})

    with pytest.raises(httpx.LocalProtocolError) as error:
        encode_head(request)

    assert value not in str(error.value)


@pytest.mark.parametrize("method", ["GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "G T", "", "CONNECT", "GÄT"])
def test_bad_methods_are_refused(method):
    with pytest.raises(httpx.LocalProtocolError):
        encode_head(httpx.Request(method, "http://a.example/"))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://a.example/x", Origin("http", "a.example", 80)),
        ("https://A.example", Origin("https", "a.example", 443)),
        ("https://a.example:8443", Origin("https", "a.example", 8443)),
        ("http://[::1]:80/", Origin("http", "::1", 80)),
        ("http://bücher.example", Origin("http", "xn--bcher-kva.example", 80)),
    ],
)
def test_origins_are_scheme_host_and_port(url, origin):
    assert origin_of(httpx.Request("GET", url)) == origin


def test_an_origin_reads_like_an_address():
    assert str(Origin("http", "::1", 80)) == "http://[::1]:80"
    assert str(Origin("https", "a.example", 443)) == "https://a.example:443"


@pytest.mark.parametrize("url", ["ftp://a.example/", "/relative", "ws://a.example"])
def test_other_schemes_are_unsupported(url):
    with pytest.raises(httpx.UnsupportedProtocol):
        origin_of(httpx.Request("GET", url))


def test_two_lengths_for_one_body_are_refused():
    request = httpx.Request("POST", "http://a.example", headers={"TRANSFER-encoding": "chunked"}, content=b"hi")

    with pytest.raises(httpx.LocalProtocolError):
        body_of(request, encode_head(request))
