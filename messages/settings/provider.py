"""One block of `providers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from ..content import JSON
from ..secret import Secret, SecretRef, masked
from .adaptive import AdaptiveSettings
from .checks import (
    EMPTY,
    above,
    between,
    frozen_mapping,
    header_fields,
    names,
    not_blank,
    not_blank_entries,
    one_of,
    region_name,
)
from .families import Kind, Tier
from .limits import LimitSettings

TransportKind: TypeAlias = Literal["legion", "httpx"]
WireApi: TypeAlias = Literal["chat", "responses"]
DemoFailure: TypeAlias = Literal[
    "rate_limit",
    "provider_error",
    "down",
    "auth",
    "account",
    "overflow",
    "refused",
    "rejected",
    "broken_stream",
]


@attrs.frozen(kw_only=True)
class TimeoutSettings:
    """How long one attempt waits for each phase; the request's own deadline may end it earlier.

    Attributes:
        connect: Seconds until the connection stands, TLS included (above 0). Default 5.0.
        first_byte: Seconds from the sent request to the first byte of the answer (above 0). Default 60.0.
        first_content: Seconds from the sent request to the first content of a stream (above 0). Default 120.0.
        gap: Seconds between two chunks (above 0). Default 60.0.
    """

    connect: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    first_byte: float = attrs.field(default=60.0, validator=above(0, unit="s"))
    first_content: float = attrs.field(default=120.0, validator=above(0, unit="s"))
    gap: float = attrs.field(default=60.0, validator=above(0, unit="s"))


@attrs.frozen(kw_only=True)
class DemoSettings:
    """What the demo model does beside answering.

    Attributes:
        delay_seconds: Seconds before the first token (at least 0). Default 0.0.
        tokens_per_second: Speed of a stream (above 0), or None for as fast as it is read. Default None.
        fail: How every call fails, or None. Default None.
    """

    delay_seconds: float = attrs.field(default=0.0, validator=between(0, unit="s"))
    tokens_per_second: float | None = attrs.field(default=None, validator=above(0))
    fail: DemoFailure | None = attrs.field(default=None, validator=one_of(DemoFailure))


def _secret_ref(source: SecretRef | Secret | str | Sequence[Any] | None) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="api_key")


def _masked_repr(data: Mapping[str, Any]) -> str:
    return repr(masked(data))


@attrs.frozen(kw_only=True)
class ProviderBlock:
    """How one provider instance is reached and how hard it may be used.

    Attributes:
        kind: Family, or None when the provider's name is the family. Default None.
        enabled: True or False; None enables it when it has a usable credential or needs none. Default None.
        api_key: Where the credential comes from: text, "env://NAME", or a list of which the first that yields something is taken. None: the
            family's environment variables. Default None.
        base_url: http(s) URL, with or without "/v1". None: the family's. Default None.
        default_model: Model for requests that name none. None: the family's. Default None.
        models: Catalogue to use instead of asking the provider; None asks. Default None.
        tier: Where the models run. None: the family's. Default None.
        secret_key: Bedrock's: the secret beside `api_key`, which is then the id of an access key. Default None.
        session_token: Bedrock's: belongs to temporary keys. Default None.
        bearer_token: Bedrock's and Azure's: a token in place of keys (of Entra ID, for Azure). Default None.
        region: Bedrock's: where the models run ("eu-central-1"). None: AWS_REGION or AWS_DEFAULT_REGION of the environment, else us-east-2. Default
            None.
        organization: Sent as the OpenAI organisation, or None. Default None.
        headers: Further HTTP headers; a value may be "env://NAME". Default none.
        max_concurrency: Calls in flight at once, at most (at least 1). Default 64.
        max_queue: Callers that may wait beyond those in flight (at least 0); one more is refused. Default 256.
        adaptive: How far the number of calls in flight follows what the instance can take.
        limits: Requests and tokens per minute, of the instance and of single models. Default none.
        transport: "legion", or "httpx" for proxies and HTTP/2. Default "legion".
        verify_tls: Whether the server's certificate is checked. Default True.
        timeouts: How long each phase of an attempt may take.
        keep_alive: Seconds an idle connection is kept (above 0). Default 30.0.
        extra_body: Fields merged into the body of every chat; of embeddings Ollama's options alone. Default none.
        enable_thinking: Sent as the chat template's `enable_thinking` (vLLM), or None to leave it to the server. Default None.
        native_schema: Whether its models keep to a JSON Schema that their API is told of; the others are told in the prompt. None: what is known
            of the family and the model. Default None.
        wire_api: Which of OpenAI's APIs is spoken there, by kind openai, azure, openai_compat, vllm or mlx: "chat" (/chat/completions) or "responses"
            (/responses). Default "chat".
        continues: Whether its models go on with an answer that another one began, so that a stream that broke off elsewhere may be gone on with
            here (`routing.rescue`): they must take a partial message of the assistant at the end of the conversation. Default False.
        plugin: The plug-in that speaks to it: the name of an installed one, or "package.module:object". Names the kind, too. Default None.
        options: What the plug-in reads; the others read none of it. Default none.
        demo: What the demo model does; None: nothing special. Read by kind "demo" alone. Default None.
    """

    kind: Kind | None = attrs.field(default=None, validator=one_of(Kind))
    enabled: bool | None = None
    api_key: SecretRef | None = attrs.field(default=None, converter=_secret_ref)
    base_url: str | None = attrs.field(default=None, validator=not_blank)
    default_model: str | None = attrs.field(default=None, validator=not_blank)
    models: tuple[str, ...] | None = attrs.field(default=None, validator=not_blank_entries)
    tier: Tier | None = attrs.field(default=None, validator=one_of(Tier))
    secret_key: SecretRef | None = attrs.field(default=None, converter=_secret_ref)
    session_token: SecretRef | None = attrs.field(default=None, converter=_secret_ref)
    bearer_token: SecretRef | None = attrs.field(default=None, converter=_secret_ref)
    region: str | None = attrs.field(default=None, validator=region_name)
    organization: str | None = attrs.field(default=None, validator=not_blank)
    headers: Mapping[str, str] = attrs.field(
        default=EMPTY, converter=frozen_mapping, validator=header_fields, repr=_masked_repr
    )
    max_concurrency: int = attrs.field(default=64, validator=between(1))
    max_queue: int = attrs.field(default=256, validator=between(0))
    adaptive: AdaptiveSettings = AdaptiveSettings()
    limits: LimitSettings = LimitSettings()
    transport: TransportKind = attrs.field(default="legion", validator=one_of(TransportKind))
    verify_tls: bool = True
    timeouts: TimeoutSettings = TimeoutSettings()
    keep_alive: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    extra_body: Mapping[str, JSON] = attrs.field(default=EMPTY, converter=frozen_mapping, repr=_masked_repr)
    enable_thinking: bool | None = None
    native_schema: bool | None = None
    wire_api: WireApi = attrs.field(default="chat", validator=one_of(WireApi))
    continues: bool = False
    plugin: str | None = attrs.field(default=None, validator=not_blank)
    options: Mapping[str, JSON] = attrs.field(default=EMPTY, converter=frozen_mapping, repr=_masked_repr)
    demo: DemoSettings | None = None


@attrs.frozen(kw_only=True)
class ProviderSettings(ProviderBlock):
    """One provider: a block, and its instances if there is more than one.

    Attributes:
        instances: Further blocks by name, each complete: the loader has laid each over the provider's own block. Who builds settings in code
            does so with `attrs.evolve` or lets the loader do it. Empty: one instance named "default", which is the block itself.
    """

    instances: Mapping[str, ProviderBlock] = attrs.field(default=EMPTY, converter=frozen_mapping, validator=names)
