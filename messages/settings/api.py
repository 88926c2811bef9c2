"""The HTTP API: where it listens, what it bounds, who may use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

import attrs

from ..secret import Secret, SecretRef
from .budgets import BudgetSettings, check_key_budgets
from .checks import EMPTY, above, between, fault, frozen_mapping, names, not_blank, one_of

_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")

CallerType = Literal["external", "human", "service"]


def _reference(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="key")


def _is_digest(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None and not _SHA256.fullmatch(value):
        raise fault(attribute.name, "must be 64 hex digits, as `printf %s KEY | sha256sum` prints them")


@attrs.frozen(kw_only=True)
class KeySettings:
    """One key of the API, and what its holder may do. A text or a list of texts stands for `key` alone.

    Attributes:
        key: The key, as text, "env://NAME" or a list of which the first that yields something is taken.
        sha256: Instead of the key, its SHA-256 in hex, for settings that hold no secret.
        type: What the holder is, which decides the steps that its requests take: external, human or service. Default external: all.
        models: Models it may ask for, as patterns ("gpt-*", "openai/*"); None: all. Default None.
        requests_per_minute: Requests that it may make (above 0), or None: no limit. Default None.
        tokens_per_minute: Tokens, input and output, that it may use (above 0), or None: no limit. Default None.
        budgets: What it may spend, as in the section `budgets`, but without `per` and `callers`. Default nothing: without a limit.
        intent: What always holds for its requests ({"privacy": "strict"}), whatever they say. Default nothing.
        inspect: Whether it may look in: /metrics, and the data of the dashboard. Default False.
        admin: Whether it may do that, and use the routes below /api/llm/admin. Default False.
    """

    shorthand: ClassVar[str] = "key"

    key: SecretRef | None = attrs.field(default=None, converter=_reference)
    sha256: str | None = attrs.field(default=None, validator=_is_digest)
    type: CallerType = attrs.field(default="external", validator=one_of(CallerType))
    models: tuple[str, ...] | None = None
    requests_per_minute: float | None = attrs.field(default=None, validator=above(0))
    tokens_per_minute: float | None = attrs.field(default=None, validator=above(0))
    budgets: tuple[BudgetSettings, ...] = ()
    intent: Mapping[str, str] = attrs.field(default=EMPTY, converter=frozen_mapping)
    inspect: bool = False
    admin: bool = False

    def __attrs_post_init__(self) -> None:
        if (self.key is None) == (self.sha256 is None):
            raise fault("key", "state either the key or its sha256")
        check_key_budgets(self.budgets)


def _keys(keys: Mapping[str, object]) -> Mapping[str, KeySettings]:
    return frozen_mapping({name: _key(name, source) for name, source in keys.items()})


def _key(name: str, source: object) -> KeySettings:
    if isinstance(source, KeySettings):
        return source
    if isinstance(source, Mapping):
        return KeySettings(**source)
    if not isinstance(source, (str, list, tuple, Secret, SecretRef)):
        raise fault(f"keys.{name}", f"must be a key or an object, not {type(source).__name__}")
    return KeySettings(key=source)


@attrs.frozen(kw_only=True)
class TlsSettings:
    """What HTTPS needs.

    Attributes:
        certificate: Path of the certificate chain, PEM.
        key: Path of its private key, PEM; None: it stands in the certificate's file. Default None.
        client_authorities: Path of the authorities, PEM, by which clients' certificates must be signed; None: clients show none. Default None.
    """

    certificate: str = attrs.field(validator=not_blank)
    key: str | None = None
    client_authorities: str | None = None


@attrs.frozen(kw_only=True)
class ApiSettings:
    """The HTTP API.

    Attributes:
        host: Address to listen on. Default "127.0.0.1": this machine alone.
        port: TCP port, 0 to 65535; 0 lets the system choose one. Default 4567.
        max_body_bytes: Largest request body in bytes (at least 1024). Default 16 MiB.
        max_json_depth: Deepest nesting of a JSON body (1 to 1000; parsers stop at 1024). Default 200.
        max_header_bytes: Largest request head in bytes (at least 1024). Default 64 KiB.
        body_timeout: Seconds a client may take to send its body (above 0). Default 30.0.
        keep_alive_timeout: Seconds an idle client connection is kept (above 0). Default 75.0, as nginx: longer than the 60 of the usual load
            balancers, so that it is they who close.
        drain_timeout: Seconds for which requests in flight may finish on shutdown (at least 0). Default 5.0.
        keys: Keys by the name of their holder; see `KeySettings`. Where there are any, a request must show one. Default none: whoever reaches the
            port may use it.
        insecure: Whether an address that other machines reach may be served without keys. Default False: that is refused.
        keep_responses: Whether answers of /v1/responses are kept for those who go on from them or come back, unless they say `store: false`.
            Default True, as at OpenAI's; False: none is.
        pass_through: Instance ("openai/eu") that is shown the keys of those who are not among `keys`, instead of our own; they can ask nobody
            else. Default none: they are refused.
        dashboard: Whether `/ui` shows the dashboard: with keys, to who holds one that may look in; without, to this machine. Default True.
        tls: Certificate and key, for HTTPS. Default none: HTTP.
    """

    host: str = attrs.field(default="127.0.0.1", validator=not_blank)
    port: int = attrs.field(default=4567, validator=between(0, 65535))
    max_body_bytes: int = attrs.field(default=16 * 1024 * 1024, validator=between(1024, unit="bytes"))
    max_json_depth: int = attrs.field(default=200, validator=between(1, 1000))
    max_header_bytes: int = attrs.field(default=64 * 1024, validator=between(1024, unit="bytes"))
    body_timeout: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    keep_alive_timeout: float = attrs.field(default=75.0, validator=above(0, unit="s"))
    drain_timeout: float = attrs.field(default=5.0, validator=between(0, unit="s"))
    keys: Mapping[str, KeySettings] = attrs.field(default=EMPTY, converter=_keys, validator=names)
    insecure: bool = False
    keep_responses: bool = True
    pass_through: str | None = attrs.field(default=None, validator=not_blank)
    dashboard: bool = True
    tls: TlsSettings | None = None
