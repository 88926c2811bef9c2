"""From provider blocks to flat instances, with the families' values filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ..content import JSON
from ..secret import SecretRef, masked
from .adaptive import AdaptiveSettings
from .checks import fault
from .families import FAMILIES, Kind, Tier, api_root
from .limits import LimitSettings
from .provider import DemoSettings, ProviderBlock, ProviderSettings, TimeoutSettings, TransportKind, WireApi
from .root import Settings, kind_of

DEFAULT_INSTANCE: Final = "default"

# Kinds beside those like OpenAI whose keys stand in a header.
_KEY_HEADERS: Final = frozenset({"anthropic", "gemini"})


@attrs.frozen(kw_only=True)
class InstanceSettings:
    """One provider instance, ready to be connected; nothing is left to be looked up but its credential.

    Attributes:
        name: "openai" for the default instance of a provider, "openai/eu" for a named one. Unique.
        provider: Name of the provider ("openai").
        instance: Name within the provider ("default", "eu").
        kind: Family.
        tier: Where its models run.
        enabled: True, or None: only with a usable credential or where none is needed. Never False.
        base_url: Root of the API without a slash at its end; None for a model inside this process, and where the address follows from a region or
            a plug-in knows it.
        needs_key: Without a credential it is never used.
        key_variables: Environment variables that may hold the credential when `api_key` yields nothing. Empty for an instance that is neither
            named after its family nor at the vendor's own address: credentials are bound to their host.
        reads_environment: Whether credentials of its family may be looked up in the environment: it is named after its family, or has no address of
            its own.
        pass_through: Whether callers may show it keys of their own.
        default_model: Model for requests that name none: the setting's, else the first of `models`, else the family's, else None.

    The others are as in `ProviderBlock`.
    """

    name: str
    provider: str
    instance: str
    kind: Kind
    tier: Tier
    enabled: bool | None
    base_url: str | None
    api_key: SecretRef | None
    needs_key: bool
    pass_through: bool
    key_variables: tuple[str, ...]
    reads_environment: bool
    secret_key: SecretRef | None
    session_token: SecretRef | None
    bearer_token: SecretRef | None
    region: str | None
    default_model: str | None
    models: tuple[str, ...] | None
    organization: str | None
    headers: Mapping[str, str] = attrs.field(repr=lambda headers: repr(masked(headers)))
    max_concurrency: int
    max_queue: int
    adaptive: AdaptiveSettings
    limits: LimitSettings
    transport: TransportKind
    verify_tls: bool
    timeouts: TimeoutSettings
    keep_alive: float
    extra_body: Mapping[str, JSON] = attrs.field(repr=lambda body: repr(masked(body)))
    enable_thinking: bool | None
    native_schema: bool | None
    wire_api: WireApi
    continues: bool
    plugin: str | None
    options: Mapping[str, JSON] = attrs.field(repr=lambda options: repr(masked(options)))
    demo: DemoSettings | None

    @property
    def wants_credential(self) -> bool:
        """Whether it is not used without one: its family needs one, or the settings name one."""
        return self.needs_key or any(each is not None and each.stated for each in (self.api_key, self.bearer_token))


def expand_instances(settings: Settings) -> tuple[InstanceSettings, ...]:
    """Return every instance that is not switched off, in the order of the settings.

    `enabled: false` on a provider switches off all its instances. Instances whose `enabled` is None still have to show a credential.

    Raises:
        SettingsError: An instance lacks what its family requires; `path` says where.
    """
    return tuple(
        _instance(name, instance, block, settings.api.pass_through)
        for name, provider in settings.providers.items()
        if provider.enabled is not False
        for instance, block in _blocks(provider)
        if block.enabled is not False
    )


def setting_path(name: str, field: str) -> str:
    """Return where a field of an instance stands: "openai/eu" -> "providers.openai.instances.eu.api_key"."""
    provider, _, instance = name.partition("/")
    within = f"{provider}.instances.{instance}" if instance else provider
    return f"providers.{within}.{field}"


def _blocks(provider: ProviderSettings) -> Iterator[tuple[str, ProviderBlock]]:
    if provider.instances:
        yield from provider.instances.items()
    else:
        yield DEFAULT_INSTANCE, provider


def _instance(provider: str, instance: str, block: ProviderBlock, pass_through: str | None) -> InstanceSettings:
    kind = kind_of(provider, block)
    family = FAMILIES[kind]
    name = provider if instance == DEFAULT_INSTANCE else f"{provider}/{instance}"
    if name == pass_through and not (family.is_openai_like or kind in _KEY_HEADERS):
        raise fault("api.pass_through", f"callers have no keys of their own for providers of kind {kind}")
    base_url = _base_url(provider, instance, block, kind)
    return InstanceSettings(
        name=name,
        provider=provider,
        instance=instance,
        kind=kind,
        tier=block.tier or family.tier,
        enabled=block.enabled,
        base_url=base_url,
        api_key=block.api_key,
        # What callers bring keys for can be used without one of ours.
        needs_key=family.needs_key and name != pass_through,
        pass_through=name == pass_through,
        key_variables=family.key_variables if provider == kind or base_url == family.base_url else (),
        reads_environment=provider == kind or block.base_url is None,
        secret_key=block.secret_key,
        session_token=block.session_token,
        bearer_token=block.bearer_token,
        region=block.region,
        default_model=block.default_model or (block.models[0] if block.models else family.default_model),
        models=block.models,
        organization=block.organization,
        headers=block.headers,
        max_concurrency=block.max_concurrency,
        max_queue=block.max_queue,
        adaptive=block.adaptive,
        limits=block.limits,
        transport=block.transport,
        verify_tls=block.verify_tls,
        timeouts=block.timeouts,
        keep_alive=block.keep_alive,
        extra_body=block.extra_body,
        enable_thinking=block.enable_thinking,
        native_schema=block.native_schema,
        wire_api=_wire_api(provider, instance, block, kind),
        continues=block.continues,
        plugin=block.plugin,
        options=block.options,
        demo=block.demo,
    )


def _wire_api(provider: str, instance: str, block: ProviderBlock, kind: Kind) -> WireApi:
    if block.wire_api != "chat" and not FAMILIES[kind].is_openai_like:
        name = provider if instance == DEFAULT_INSTANCE else f"{provider}/{instance}"
        raise fault(setting_path(name, "wire_api"), f"a provider of kind {kind} has an API of its own: leave it out")
    return block.wire_api


def _base_url(provider: str, instance: str, block: ProviderBlock, kind: Kind) -> str | None:
    family = FAMILIES[kind]
    path = f"providers.{provider}.base_url"
    if not isinstance(block, ProviderSettings):
        path = f"providers.{provider}.instances.{instance}.base_url"
    if not family.speaks_http:
        return None
    url = block.base_url or family.base_url
    if url is None and (family.has_regions or family.is_foreign):
        return None
    if url is None:
        raise fault(path, f"a provider of kind {kind} has no usual address: state its URL")
    return api_root(url, kind, path=path)
