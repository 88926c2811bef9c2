"""Reads secrets from Vault: keeps a token, renews leases, and goes on with what it knows while Vault is away."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, TypeVarTuple, Unpack

import attrs
import trio

from ...messages.secret import Secret, SecretRef
from ...messages.settings import VaultSettings
from ..settings.credentials import Absent, resolve
from .source import Reading
from .vault_client import FOREVER, Answer, Grant, Mount, VaultClient, VaultFault, VaultTrouble

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_REFERENCE: Final = re.compile(r"(?P<path>[A-Za-z0-9_.@=+-]+(?:/[A-Za-z0-9_.@=+-]+)+)#(?P<field>[^#/\s]+)")

# Tokens and leases are renewed when so much of their time is left: early enough to be tried several times.
_LEFT_TO_RENEW: Final = 1 / 3
# Seconds within which several questions for one path are answered by one read.
_TOGETHER: Final = 1.0
# A secret that Vault made for us and that a provider refuses is replaced by a new one only if it is older than this: else each refusal makes one.
_TOO_YOUNG_TO_DISTRUST: Final = 60.0
# Seconds after which Vault is asked again when it has failed.
_RETRY: Final = 15.0
_SOONEST: Final = 1.0


@attrs.frozen(kw_only=True)
class _Kept:
    """The last answer for a path.

    Attributes:
        answer: What Vault said.
        read_at: When it was read.
        until: When its lease ends; infinite without one.
        renew_at: When it is to be renewed, or read again.
    """

    answer: Answer
    read_at: float
    until: float
    renew_at: float

    def holds(self, now: float, *, distrust: bool) -> bool:
        """Whether there is no need to ask Vault."""
        age = now - self.read_at
        if not self.answer.lease:
            return age < _TOGETHER
        return now < self.renew_at and not (distrust and age >= _TOO_YOUNG_TO_DISTRUST)


class Vault:
    """Looks up "path#field". One question at a time; for one trio loop.

    Args:
        client: Speaks to Vault.
        settings: How to log in, and how long to wait.
        environ: Where role, secret and token are looked up, anew at each login.
        monotonic: Returns the seconds by which leases are measured.
    """

    def __init__(
        self,
        client: VaultClient,
        settings: VaultSettings,
        environ: Mapping[str, str],
        monotonic: Callable[[], float] = trio.current_time,
    ) -> None:
        self._client = client
        self._now = monotonic
        self._settings = settings
        self._environ = environ
        self._turn = trio.Lock()
        # One thread at a time: hvac's client is not made for more.
        self._thread = trio.CapacityLimiter(1)
        self._token_until = self._token_renew_at = -math.inf
        self._is_renewable = False
        self._mounts: list[Mount] = []
        self._kept: dict[str, _Kept] = {}

    async def read(self, target: str, *, distrust: bool = False) -> Reading:
        """Return what a reference ("path#field") yields; never raises.

        While Vault does not answer, a value that was read before stands until its lease ends.

        Args:
            target: What follows "vault://".
            distrust: Whether the last value was refused by its provider.
        """
        reference = _REFERENCE.fullmatch(target)
        if reference is None or ".." in target:
            return Reading(value=Absent("vault:// is not followed by mount/path#field"), due=FOREVER)
        path, field = reference["path"], reference["field"]
        async with self._turn:
            kept = self._kept.get(path)
            if kept is not None and kept.holds(self._now(), distrust=distrust):
                return self._reading(kept, field)
            try:
                kept = self._kept[path] = await self._fetched(path, kept, distrust=distrust)
            except VaultFault as fault:
                return self._unread(kept, field, fault)
            return self._reading(kept, field)

    # -- paths

    async def _fetched(self, path: str, kept: _Kept | None, *, distrust: bool) -> _Kept:
        await self._have_token()
        if kept is not None and kept.answer.lease and not distrust:
            renewed = await self._renewed(kept)
            if renewed is not None:
                return renewed
        try:
            return self._keep(await self._answer(path))
        except VaultFault as fault:
            if fault.trouble is not VaultTrouble.DENIED:
                raise
        # The token may have been revoked: with another one the answer may be another.
        await self._log_in()
        return self._keep(await self._answer(path))

    async def _renewed(self, kept: _Kept) -> _Kept | None:
        """Return the value with its lease renewed; None where it is better read anew: its longest time is nearly over."""
        if not kept.answer.grant.renewable or self._now() >= kept.until:
            return None
        try:
            grant = await self._call(self._client.renew_lease, kept.answer.lease)
        except VaultFault as fault:
            if fault.trouble in (VaultTrouble.SILENT, VaultTrouble.ILL):
                raise
            return None
        if grant.lasts <= _LEFT_TO_RENEW * kept.answer.grant.lasts:
            return None
        return attrs.evolve(self._dated(kept.answer, grant), read_at=kept.read_at)

    async def _answer(self, path: str) -> Answer:
        is_versioned, api_path = await self._placed(path)
        try:
            answer = await self._call(self._client.read, api_path)
        except VaultFault as fault:
            # Where Vault does not tell what is mounted, a versioned engine gives itself away by having nothing there.
            if fault.trouble is not VaultTrouble.MISSING or is_versioned is not None:
                raise
            mount, _, rest = path.partition("/")
            answer = await self._call(self._client.read, f"{mount}/data/{rest}")
            is_versioned = True
        data = answer.fields.get("data")
        if is_versioned is False or not (isinstance(data, dict) and isinstance(answer.fields.get("metadata"), dict)):
            return answer
        return attrs.evolve(answer, fields=data)

    async def _placed(self, path: str) -> tuple[bool | None, str]:
        """Return whether the engine of a path keeps versions (None: unknown), and the path in the API."""
        mount, _, rest = path.partition("/")
        is_versioned: bool | None = None
        if self._settings.kv_version != "auto":
            is_versioned = self._settings.kv_version == "2"
        else:
            known = next((each for each in self._mounts if path.startswith(each.path)), None)
            if known is None:
                known = await self._call(self._client.mount_of, path)
                if known is not None and path.startswith(known.path):
                    self._mounts.append(known)
            if known is not None and path.startswith(known.path):
                is_versioned, mount, rest = known.is_versioned, known.path.rstrip("/"), path[len(known.path) :]
        if is_versioned and not rest.startswith("data/"):
            return is_versioned, f"{mount}/data/{rest}"
        return is_versioned, path

    # -- the token

    async def _have_token(self) -> None:
        now = self._now()
        if now < self._token_renew_at:
            return
        if self._is_renewable and now < self._token_until:
            try:
                self._date_token(await self._call(self._client.renew_token))
            except VaultFault as fault:
                if fault.trouble is not VaultTrouble.DENIED:
                    raise
            else:
                # Near the end of its longest life a token can be renewed for ever shorter times.
                if self._now() + _SOONEST < self._token_renew_at:
                    return
        await self._log_in()

    async def _log_in(self) -> None:
        settings = self._settings
        if settings.role_id is not None and settings.role_id.stated:
            role = self._known(settings.role_id, "role_id")
            secret = self._known(settings.secret_id, "secret_id") if settings.secret_id is not None else None
            mount = settings.approle_mount
            grant = await self._call(self._client.log_in, role, secret, mount)
        else:
            own = settings.token if settings.token is not None and settings.token.stated else "env://VAULT_TOKEN"
            grant = await self._call(self._client.use, self._known(own, "token"))
        self._date_token(grant)

    def _known(self, reference: SecretRef | str, name: str) -> str:
        value = resolve(reference, self._environ)
        if isinstance(value, Absent):
            raise VaultFault(VaultTrouble.DENIED, f"vault.{name}: {value.reason}")
        return value.reveal()

    def _date_token(self, grant: Grant) -> None:
        now = self._now()
        self._is_renewable = grant.renewable
        self._token_until = now + grant.lasts
        self._token_renew_at = now + (1 - _LEFT_TO_RENEW) * grant.lasts

    # -- readings

    def _keep(self, answer: Answer) -> _Kept:
        return self._dated(answer, answer.grant)

    def _dated(self, answer: Answer, grant: Grant) -> _Kept:
        now = self._now()
        if not answer.lease:
            return _Kept(answer=answer, read_at=now, until=FOREVER, renew_at=now + self._settings.refresh_seconds)
        renew_at = now + (1 - _LEFT_TO_RENEW) * grant.lasts
        return _Kept(answer=answer, read_at=now, until=now + grant.lasts, renew_at=renew_at)

    def _reading(self, kept: _Kept, field: str) -> Reading:
        due = min(kept.renew_at, self._token_renew_at) - self._now()
        return Reading(value=_value(kept.answer, field), due=max(_SOONEST, due))

    def _unread(self, kept: _Kept | None, field: str, fault: VaultFault) -> Reading:
        is_away = fault.trouble in (VaultTrouble.SILENT, VaultTrouble.ILL)
        if kept is not None and is_away and self._now() < kept.until:
            return Reading(value=_value(kept.answer, field), due=_RETRY)
        return Reading(value=Absent(f"Vault: {fault.words}"), due=_RETRY)

    async def _call(self, function: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
        """Call in a thread. Who gives up leaves it behind; it ends by its own time limit."""
        # Twice: a name may have to be looked up first, which no time limit of hvac's covers.
        with trio.move_on_after(2 * self._settings.timeout_seconds):
            return await trio.to_thread.run_sync(function, *arguments, abandon_on_cancel=True, limiter=self._thread)
        raise VaultFault(VaultTrouble.SILENT, f"no answer within {2 * self._settings.timeout_seconds:g} s")


def _value(answer: Answer, field: str) -> Secret | Absent:
    value = answer.fields.get(field)
    if value is None:
        return Absent("Vault: no such field at that path")
    return Secret(value) if isinstance(value, str) else Absent("Vault: the field holds no text")
