"""Who gets in: decided on the matched route, before the body is read, and by the key alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Final

from starlette.routing import compile_path
from starlette.types import Scope

from ...messages.errors import AccessDeniedError, InvalidRequestError
from ...messages.settings import KeySettings
from .admission import HOLDER
from .faults import CLOSE, HttpFault
from .key_limits import LIMITS, KeyLimits
from .keyring import Holder, Keyring, guest, shown_key
from .routes.gemini import key_in_query
from .table import Access, Row

_CHALLENGE: Final = (b"www-authenticate", b"Bearer")
_NEEDS: Final = {Access.INSPECT: "it needs `inspect` or `admin`", Access.ADMIN: "it needs `admin`"}
_HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")


class Gate:
    """Admits requests.

    Args:
        rows: The routes.
        keyring: The keys, or None: then whoever reaches the port gets in, but to the routes of administrators only from this machine.
        clock: Seconds, by which the limits of keys are refilled.
        guests_go_to: Instance for which those may bring keys of their own who have none of ours; None: they are refused.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        keyring: Keyring | None,
        clock: Callable[[], float],
        *,
        guests_go_to: str | None = None,
    ) -> None:
        rows = tuple(rows)
        self._access = {row.path: row.access for row in rows}
        self._patterns = [
            (compile_path(row.path)[0], row.access) for row in rows if "{" in row.path and row.access is not Access.KEY
        ]
        self._keyring = keyring
        self._guests_go_to = guests_go_to
        self._clock = clock
        self._limits: dict[bytes, tuple[KeySettings, KeyLimits]] = {}

    def admit(self, scope: Scope) -> None:
        """Let a request in; its scope says afterwards who sent it.

        Raises:
            HttpFault: 400, 401 or 403, and why.
        """
        _check_host(scope)
        access = self._access_to(scope["path"])
        if access is Access.OPEN:
            return
        if self._keyring is None:
            if access is not Access.KEY:
                _check_local(scope)
            elif self._guests_go_to is not None and (key := shown_key(scope["headers"])) is not None:
                scope[HOLDER] = guest(key, self._guests_go_to)
            return
        if access is Access.PAGE:
            return
        holder = self._shown(scope, access)
        if not may(holder.rights, access):
            raise HttpFault(
                403, AccessDeniedError(f"the key of {holder.caller.identity} does not allow this: {_NEEDS[access]}")
            )
        scope[HOLDER] = holder
        scope[LIMITS] = self._limits_of(holder)

    def _limits_of(self, holder: Holder) -> KeyLimits | None:
        """Return what is left of a holder's minute; None for one without limits. Other rights begin another minute."""
        rights = holder.rights
        if rights.requests_per_minute is None and rights.tokens_per_minute is None:
            return None
        known = self._limits.get(holder.digest)
        if known is None or known[0] is not rights:
            known = self._limits[holder.digest] = (
                rights,
                KeyLimits(str(holder.caller.identity), rights, self._clock),
            )
        return known[1]

    def _access_to(self, path: str) -> Access:
        """Return who may use the route that a path matches."""
        exact = self._access.get(path)
        if exact is not None:
            return exact
        return next((access for pattern, access in self._patterns if pattern.match(path)), Access.KEY)

    def _shown(self, scope: Scope, access: Access) -> Holder:
        assert self._keyring is not None
        try:
            key = key_in_query(scope)
            return self._keyring.holder(scope["headers"] if key is None else [(b"x-api-key", key)])
        except AccessDeniedError as denied:
            own = shown_key(scope["headers"])
            if self._guests_go_to is not None and access is Access.KEY and own is not None:
                return guest(own, self._guests_go_to)
            raise HttpFault(401, denied, (_CHALLENGE,)) from denied


def _check_host(scope: Scope) -> None:
    """Refuse a Host that is none, two of them, or its lack in HTTP/1.1 (RFC 9112, 3.2): proxies and we might read them differently."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if not hosts and scope["http_version"] != "1.1":
        return
    if len(hosts) != 1 or (hosts[0] and not _HOST.fullmatch(hosts[0])):
        raise HttpFault(400, InvalidRequestError("the Host header names no host"), (CLOSE,))


def may(rights: KeySettings, access: Access) -> bool:
    """Whether the holder of a key may use a route."""
    match access:
        case Access.ADMIN:
            return rights.admin
        case Access.INSPECT:
            return rights.inspect or rights.admin
        case _:
            return True


def _check_local(scope: Scope) -> None:
    """Without keys, what is not for everybody is for people on this machine, and not for the web pages that their browsers show.

    Raises:
        HttpFault: It comes from elsewhere; or a page of another origin asked, be it under a name of its own that leads here.
    """
    if not _is_local(scope):
        raise HttpFault(403, AccessDeniedError("without keys this route is for this machine alone: set api.keys"))
    headers = {name: value for name, value in scope["headers"] if name in (b"host", b"origin", b"sec-fetch-site")}
    host = headers.get(b"host", b"")
    if not _is_this_machine(host):
        raise HttpFault(
            403, AccessDeniedError("without keys this route is for localhost alone: ask for it by that name")
        )
    origin = headers.get(b"origin")
    if (origin is not None and origin.partition(b"://")[2] != host) or headers.get(b"sec-fetch-site") == b"cross-site":
        raise HttpFault(403, AccessDeniedError("this route is not for pages of other origins"))


def _is_this_machine(host: bytes) -> bool:
    name = re.sub(rb":[0-9]+$", b"", host).strip(b"[]").decode("latin-1")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _is_local(scope: Scope) -> bool:
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
