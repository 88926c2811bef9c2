"""Where "vault://" references are looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import attrs

from ..secret import Secret, SecretRef
from .checks import above, fault, not_blank, one_of

KvVersion = Literal["auto", "1", "2"]

_SCHEMES: Final = frozenset({"http", "https"})


def _reference(source: SecretRef | Secret | str | Sequence[Any] | None) -> SecretRef | None:
    return None if source is None else SecretRef.of(source)


def _is_address(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is None:
        return
    parts = urlsplit(value)
    if parts.scheme not in _SCHEMES or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise fault(attribute.name, "must be an http(s) address without a password (like https://vault.example:8200)")


@attrs.frozen(kw_only=True)
class VaultSettings:
    """HashiCorp Vault, or OpenBao. Needs the extra `vault`.

    Attributes:
        address: Where it listens, or None: what the environment variable VAULT_ADDR says; without either there is no Vault. Default None.
        namespace: Namespace, or None: what VAULT_NAMESPACE says, else none. Default None.
        role_id: Of the AppRole to log in with, as text, "env://NAME" or a list; None: a token is used. Default None.
        secret_id: Of that AppRole, likewise; None where it needs none. Default None.
        approle_mount: Where the AppRole method is mounted. Default "approle".
        token: Token to use where there is no role, likewise; None: what VAULT_TOKEN says. Default None.
        kv_version: Version of the key-value engines: 1, 2, or auto, which asks Vault. Default "auto".
        timeout_seconds: Seconds that Vault may take for one answer (above 0). Default 5.0.
        refresh_seconds: Seconds after which a value without a lease is read again (above 0). Default 300.0.
        verify_tls: Whether Vault's certificate is checked. Default True.
        ca_file: File with the certificates to check it by, or None: those of the system. Default None.
    """

    address: str | None = attrs.field(default=None, validator=_is_address)
    namespace: str | None = attrs.field(default=None, validator=not_blank)
    role_id: SecretRef | None = attrs.field(default=None, converter=_reference)
    secret_id: SecretRef | None = attrs.field(default=None, converter=_reference)
    approle_mount: str = attrs.field(default="approle", validator=not_blank)
    token: SecretRef | None = attrs.field(default=None, converter=_reference)
    kv_version: KvVersion = attrs.field(default="auto", validator=one_of(KvVersion))
    timeout_seconds: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    refresh_seconds: float = attrs.field(default=300.0, validator=above(0, unit="s"))
    verify_tls: bool = True
    ca_file: str | None = attrs.field(default=None, validator=not_blank)
