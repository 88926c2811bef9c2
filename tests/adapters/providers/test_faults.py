from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from legion_llm.adapters.providers.faults import FAULTS, HTTPX_ERRORS, Stage, fault_of, translate
from legion_llm.adapters.transport import TransportClosedError
from legion_llm.messages.errors import (
    InvalidRequestError,
    ProviderDown,
    ProviderError,
    ProviderReset,
    ProviderSilent,
    RuntimeFault,
    SettingsError,
    StreamBrokenError,
    UpstreamError,
)


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def every_exception() -> list[type[Exception]]:
    classes = {cls for root in HTTPX_ERRORS for cls in family(root)}
    return [cls for cls in classes if cls.__module__.split(".")[0] in {"httpx", "legion_llm"}]


def test_every_exception_of_httpx_and_of_our_transport_has_a_row():
    missing = [cls.__name__ for cls in every_exception() if cls not in FAULTS]

    assert missing == []


def test_httpx_has_no_exception_outside_the_three_roots():
    exported = [getattr(httpx, name) for name in httpx.__all__]
    errors = [each for each in exported if isinstance(each, type) and issubclass(each, Exception)]

    # CookieConflict comes from a cookie jar alone, which no transport has.
    strangers = [each.__name__ for each in errors if not issubclass(each, (*HTTPX_ERRORS, httpx.CookieConflict))]

    assert strangers == []


@pytest.mark.parametrize(
    ("error", "stage", "expected"),
    [
        (httpx.ConnectError("refused"), Stage.ASKED, ProviderDown),
        (httpx.ReadError("reset"), Stage.ASKED, ProviderReset),
        (httpx.ReadError("reset"), Stage.ANSWERING, ProviderError),
        (httpx.ReadError("reset"), Stage.STREAMING, StreamBrokenError),
        (httpx.RemoteProtocolError("cut"), Stage.ASKED, ProviderReset),
        (httpx.WriteTimeout("full"), Stage.ASKED, ProviderSilent),
        (httpx.RemoteProtocolError("cut"), Stage.ANSWERING, ProviderError),
        (httpx.RemoteProtocolError("cut"), Stage.STREAMING, StreamBrokenError),
        (httpx.PoolTimeout("full"), Stage.ASKED, ProviderDown),
        (httpx.LocalProtocolError("line break"), Stage.ASKED, InvalidRequestError),
        (httpx.DecodingError("no gzip"), Stage.ANSWERING, ProviderError),
        (httpx.UnsupportedProtocol("ftp"), Stage.ASKED, SettingsError),
        (httpx.InvalidURL("no"), Stage.ASKED, SettingsError),
        (httpx.StreamConsumed(), Stage.ANSWERING, RuntimeFault),
    ],
)
def test_an_exception_means_one_error_of_ours(error, stage, expected):
    translated = translate(error, stage=stage, provider="openai/eu", model="m")

    assert type(translated) is expected


def test_a_class_without_a_row_inherits_the_row_of_its_parent():
    class NewReadError(httpx.ReadError):
        pass

    assert fault_of(NewReadError("x")) is FAULTS[httpx.ReadError]


def test_the_error_says_who_failed_and_what_the_library_said():
    translated = translate(httpx.ConnectError("host unreachable"), stage=Stage.ASKED, provider="vllm", model="m")

    assert isinstance(translated, UpstreamError)
    assert (translated.provider, translated.model) == ("vllm", "m")
    assert str(translated) == "vllm: no connection: host unreachable"


def test_a_transport_that_we_closed_says_nothing_about_the_provider():
    translated = translate(TransportClosedError("closed"), stage=Stage.ASKED, provider="vllm", model="m")

    assert not isinstance(translated, UpstreamError)
