"""Vault's API through hvac: blocking calls, each bounded in time, with one kind of failure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import hvac
import hvac.exceptions
import requests

# Seconds; Vault says 0 where something lasts as long as it is wanted.
FOREVER: Final = float("inf")


class VaultTrouble(enum.Enum):
    """What a failed question means."""

    DENIED = "denied"  # token unknown or expired, or a policy forbids it
    MISSING = "missing"  # there is nothing at that path
    REFUSED = "refused"  # it calls the question wrong
    ILL = "ill"  # sealed, overloaded, broken
    SILENT = "silent"  # no answer


class VaultFault(Exception):
    """Vault did not give what was asked for.

    Attributes:
        trouble: What that means.
        words: What was said, for people; holds no secret.
    """

    def __init__(self, trouble: VaultTrouble, words: str) -> None:
        super().__init__(trouble, words)
        self.trouble = trouble
        self.words = words


DENIED, MISSING, REFUSED, ILL, SILENT = VaultTrouble

# hvac's classes, and requests' root. A test fails when hvac grows one that has no row.
TROUBLES: Final[Mapping[type[Exception], VaultTrouble]] = {
    hvac.exceptions.VaultError: ILL,
    hvac.exceptions.InvalidRequest: REFUSED,
    hvac.exceptions.Unauthorized: DENIED,
    hvac.exceptions.Forbidden: DENIED,
    hvac.exceptions.InvalidPath: MISSING,
    hvac.exceptions.UnsupportedOperation: REFUSED,
    hvac.exceptions.PreconditionFailed: ILL,
    hvac.exceptions.RateLimitExceeded: ILL,
    hvac.exceptions.InternalServerError: ILL,
    hvac.exceptions.VaultNotInitialized: ILL,
    hvac.exceptions.VaultDown: ILL,
    hvac.exceptions.UnexpectedError: ILL,
    hvac.exceptions.BadGateway: ILL,
    hvac.exceptions.ParamValidationError: REFUSED,
    requests.RequestException: SILENT,
}


@attrs.frozen(kw_only=True)
class Grant:
    """For how long something holds.

    Attributes:
        lasts: Seconds from now; infinite where it does not end.
        renewable: Whether it can be made to last longer.
    """

    lasts: float = FOREVER
    renewable: bool = False


@attrs.frozen(kw_only=True)
class Answer:
    """What stands at a path.

    Attributes:
        fields: The values by name.
        lease: Name of the lease on it, "" without one.
        grant: For how long it holds; without a lease for ever, until somebody changes it.
    """

    fields: Mapping[str, Any] = attrs.field(repr=False)
    lease: str = ""
    grant: Grant = Grant()


@attrs.frozen(kw_only=True)
class Mount:
    """Where an engine is mounted.

    Attributes:
        path: With a slash at its end ("secret/").
        is_versioned: Whether it is a key-value engine that keeps versions.
    """

    path: str
    is_versioned: bool


class VaultClient:
    """One Vault, one token at a time. Its methods block, at most about `timeout` seconds each, and raise VaultFault.

    Args:
        address: Where it listens.
        timeout: Seconds for connecting, and for each silence in an answer.
        namespace: Namespace, or None.
        verify: Whether its certificate is checked, or the file to check it by.
    """

    def __init__(
        self, address: str, *, timeout: float, namespace: str | None = None, verify: bool | str = True
    ) -> None:
        # An empty token keeps hvac from looking for one in the environment and the home.
        self._client = hvac.Client(
            url=address, token="", namespace=namespace, verify=verify, timeout=timeout, allow_redirects=False
        )

    def __repr__(self) -> str:
        """Without the token."""
        return f"<VaultClient {self._client.url}>"

    def log_in(self, role_id: str, secret_id: str | None, mount: str) -> Grant:
        """Log in with an AppRole."""
        answer = self._asked(
            lambda: self._client.auth.approle.login(role_id, secret_id, use_token=True, mount_point=mount)
        )
        return _grant(_object(answer, "auth"))

    def use(self, token: str) -> Grant:
        """Show this token from now on; a policy may keep it from telling how long it lasts."""
        self._client.token = token
        try:
            data = _object(self._asked(self._client.auth.token.lookup_self), "data")
        except VaultFault as fault:
            if fault.trouble is DENIED:
                return Grant()
            raise
        return Grant(lasts=_seconds(data.get("ttl")), renewable=data.get("renewable") is True)

    def renew_token(self) -> Grant:
        """Make the token last longer."""
        return _grant(_object(self._asked(self._client.auth.token.renew_self), "auth"))

    def renew_lease(self, lease: str) -> Grant:
        """Make a lease last longer."""
        return _grant(self._asked(lambda: self._client.sys.renew_lease(lease_id=lease)))

    def mount_of(self, path: str) -> Mount | None:
        """Return the engine that a path belongs to, or None where Vault does not tell."""
        try:
            answer = self._asked(lambda: self._client.adapter.get(f"/v1/sys/internal/ui/mounts/{path}"))
        except VaultFault as fault:
            if fault.trouble in (DENIED, MISSING, REFUSED):
                return None
            raise
        data = _object(answer, "data")
        options = data.get("options")
        version = options.get("version") if isinstance(options, dict) else None
        is_versioned = data.get("type") == "kv" and version == "2"
        where = data.get("path")
        return Mount(path=where, is_versioned=is_versioned) if isinstance(where, str) and where else None

    def read(self, path: str) -> Answer:
        """Return what stands at a path of the API."""
        answer = self._asked(lambda: self._client.adapter.get(f"/v1/{path}"))
        lease = answer.get("lease_id")
        is_leased = isinstance(lease, str) and bool(lease)
        return Answer(
            fields=_object(answer, "data"),
            lease=lease if isinstance(lease, str) else "",
            grant=_grant(answer) if is_leased else Grant(),
        )

    def _asked(self, ask: Callable[[], Any]) -> dict[str, Any]:
        try:
            answer = ask()
        except tuple(TROUBLES) as error:
            raise _fault(error) from error
        if not isinstance(answer, dict):
            raise VaultFault(ILL, "its answer is not a JSON object")
        return answer


def _fault(error: Exception) -> VaultFault:
    trouble = next(TROUBLES[cls] for cls in type(error).__mro__ if cls in TROUBLES)
    if isinstance(error, requests.Timeout):
        return VaultFault(trouble, "no answer in time")
    if isinstance(error, hvac.exceptions.VaultError):
        # Its text has the address and the path as well, which may have been meant for a secret.
        said = error.args[0] if error.args and isinstance(error.args[0], str) else ""
        return VaultFault(trouble, said[:200].strip() or type(error).__name__)
    return VaultFault(trouble, "no connection")


def _object(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = answer.get(key)
    if not isinstance(value, dict):
        raise VaultFault(ILL, f"its answer has no {key!r}")
    return value


def _grant(source: Mapping[str, Any]) -> Grant:
    return Grant(lasts=_seconds(source.get("lease_duration")), renewable=source.get("renewable") is True)


def _seconds(value: Any) -> float:
    is_span = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
    return float(value) if is_span else FOREVER
