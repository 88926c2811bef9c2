"""Where a provider lives, and the requests that go there, made with as little work per call as possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import attrs
import httpx

from ...messages.credentials import Credential
from ...messages.errors import AccessDeniedError, SettingsError
from ...messages.settings import TimeoutSettings, is_header_value, setting_path
from .pieces import ACCEPTED

# Adds to the headers of a request what proves who sends it.
Signer: TypeAlias = Callable[[httpx.Request], None]

_MOST_PATHS: Final = 256
_SENDABLE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What the transport decides about the connection itself; a wrong one would break the framing.
_NOT_YOURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


@attrs.frozen
class Presentation:
    """How a credential is shown.

    Attributes:
        headers: On every request.
        signer: Signs every request, or None where the headers say it all.
    """

    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    signer: Signer | None = None


ShowCredential: TypeAlias = Callable[[Credential], Presentation]


class Endpoint:
    """A root URL with the headers that every request to it carries.

    The header list is built once for each credential and copied per request; URLs are parsed once per path. The credential
    is among the headers, so neither this object nor its errors ever show a value.

    Attributes:
        name: Name of the instance ("openai/eu"), for errors.
        root: Where the dialect's paths start ("https://api.openai.com/v1").
        timeouts: Time limits of each attempt.
        lacks_credential: Whether it needs a credential and has none yet.
    """

    def __init__(
        self,
        *,
        name: str,
        root_url: str,
        timeouts: TimeoutSettings,
        headers: Iterable[tuple[str, str]] = (),
        show: ShowCredential | None = None,
        lacks_credential: bool = False,
        listing_url: str | None = None,
    ) -> None:
        """Check and build everything that is the same for every request.

        Args:
            name: Name of the instance.
            root_url: Where the dialect's paths start.
            timeouts: Time limits of each attempt.
            headers: What the instance's settings add; wins over what follows from the credential.
            show: Says how a credential is shown; None: `headers` are all there is to show.
            lacks_credential: Whether it needs a credential, which comes later.
            listing_url: Where the paths of catalogues start, or None for the same place.

        Raises:
            SettingsError: The URL is no http(s) address, or a header cannot be sent.
        """
        self.name = name
        self.root = _root(name, root_url)
        self.timeouts = timeouts
        self.lacks_credential = lacks_credential
        self._listing = self.root if listing_url is None else _root(name, listing_url)
        self._own = tuple(headers)
        self._show = show
        self._dress(Presentation())
        self._urls: dict[str, httpx.URL] = {}
        self._extensions: dict[str, Any] = {
            # `read` would hold between any two reads; the exchange's own scope knows better what is waited for.
            "timeout": {
                "connect": timeouts.connect,
                "read": None,
                "write": timeouts.first_byte,
                "pool": timeouts.connect,
            },
        }

    def use(self, credential: Credential) -> None:
        """Show this credential with every request that is made from now on.

        Raises:
            SettingsError: It cannot be sent in a header.
        """
        if self._show is not None:
            self._dress(self._show(credential))
            self.lacks_credential = False

    def post(self, path: str, body: bytes, *, stream: bool) -> httpx.Request:
        """Return a request that sends `body`, JSON, to a path below the root."""
        headers = self._stream if stream else self._whole
        # `stream=` spares httpx's guesses about headers, which are all known here.
        request = httpx.Request(
            "POST", self._url(path), headers=headers, stream=httpx.ByteStream(body), extensions=self._extensions
        )
        request.headers["Content-Length"] = str(len(body))
        request.read()
        if self._sign is not None:
            self._sign(request)
        return request

    def post_beside(self, path: str, body: bytes) -> httpx.Request:
        """Return a request that sends `body`, JSON, to a path beside the version of the API: "/tokenize" beside "/v1"."""
        request = self.post("/", body, stream=False)
        request.url = self.root.copy_with(
            raw_path=self.root.raw_path.rstrip(b"/").removesuffix(b"/v1") + path.encode("ascii")
        )
        return request

    def post_as(self, credential: Credential, path: str, body: bytes, *, stream: bool) -> httpx.Request:
        """Return a request as `post` does that shows this credential, this once.

        Raises:
            AccessDeniedError: It cannot be sent in a header.
        """
        request = self.post(path, body, stream=stream)
        if self._show is not None:
            for header, value in self._show(credential).headers:
                if not is_header_value(value):
                    raise AccessDeniedError(
                        "the key that you have shown cannot be one: it has signs that no header may have"
                    )
                request.headers[header] = value
        return request

    def get(self, path: str) -> httpx.Request:
        """Return a request without a body to a path below the root."""
        url = self._url(path)
        if self._listing is not self.root:
            url = url.copy_with(scheme=self._listing.scheme, netloc=self._listing.netloc)
        request = httpx.Request("GET", url, headers=self._get, extensions=self._extensions)
        if self._listing is not self.root:
            request.headers["Host"] = url.netloc.decode()
        if self._sign is not None:
            self._sign(request)
        return request

    def _dress(self, shown: Presentation) -> None:
        self._sign = shown.signer
        base = httpx.Headers({"Host": self.root.netloc.decode(), "User-Agent": "legion-llm"})
        base["Accept"] = "application/json, text/event-stream, application/x-ndjson, application/vnd.amazon.eventstream"
        for header, value in (*shown.headers, *self._own):
            _check_header(self.name, header, value)
            base[header] = value
        self._get = httpx.Headers(base)
        self._get["Accept-Encoding"] = ACCEPTED
        self._whole = httpx.Headers(self._get)
        self._whole["Content-Type"] = "application/json"
        # A compressor between us and the model gathers events before it lets them go.
        self._stream = httpx.Headers(self._whole)
        self._stream["Accept-Encoding"] = "identity"

    def _url(self, path: str) -> httpx.URL:
        url = self._urls.get(path)
        if url is None:
            # A dialect knows a handful of fixed paths, or one per model; those that clients make up must not fill memory.
            if len(self._urls) >= _MOST_PATHS:
                self._urls.clear()
            url = self._urls[path] = self.root.copy_with(
                raw_path=self.root.raw_path.rstrip(b"/") + path.encode("ascii")
            )
        return url


def _root(name: str, root_url: str) -> httpx.URL:
    path = setting_path(name, "base_url")
    try:
        url = httpx.URL(root_url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"{path}: {root_url!r} is not a URL: {error}", path=path) from error
    if url.userinfo:
        raise SettingsError(f"{path}: a password does not belong into the address; use api_key or headers", path=path)
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingsError(
            f"{path}: {root_url!r} is not an http(s) address (like http://localhost:8000/v1)", path=path
        )
    if url.query or url.fragment:
        raise SettingsError(f"{path}: {root_url!r} must end with its path, without ? and #", path=path)
    return url


def _check_header(name: str, header: str, value: str) -> None:
    path = setting_path(name, "headers")
    if not _SENDABLE_NAME.fullmatch(header) or header.lower() in _NOT_YOURS:
        raise SettingsError(f"{path}: header {header!r} cannot be set", path=path)
    if not is_header_value(value):
        raise SettingsError(f"{path}: the value of {header!r} has signs that no header may have", path=path)
