"""Which provider instances can be used: those that were switched on, and those that show themselves."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

import attrs
import httpx
import trio

from ...messages.settings import InstanceSettings, Kind, ProviderSettings, Settings, expand_instances
from ..settings.credentials import ENVIRONMENT_ALONE, Resolvers
from ..settings.enablement import Enablement, Skipped, usable_instances
from ..transport.errors import connect_reason
from .faults import HTTPX_ERRORS, fault_of
from .transports import TransportFactory, transport_for

DEADLINE_SECONDS: Final = 1.5
PROBE_SECONDS: Final = 1.0

# Who is asked first when the settings name no provider: hosted before local, as the user who gave a key expects. Those that the settings name keep
# their order.
DETECTION_ORDER: Final[tuple[Kind, ...]] = (
    "bedrock",
    "anthropic",
    "openai",
    "gemini",
    "azure",
    "ollama",
    "vllm",
    "mlx",
    "openai_compat",
    "plugin",
    "fleet",
    "demo",
)

# A local server needs no setting to be found at its usual address.
_FOUND_BY_THEMSELVES: Final[tuple[Kind, ...]] = ("ollama", "vllm")

# Asks one instance whether it is there; returns why not, or None.
_Probe = Callable[[InstanceSettings], Awaitable[str | None]]


async def detect_instances(
    settings: Settings,
    environ: Mapping[str, str],
    transport_factory: TransportFactory = transport_for,
    resolvers: Resolvers = ENVIRONMENT_ALONE,
) -> Enablement:
    """Decide which instances are used, on trio, within 1.5 s.

    `enabled: true` is believed, `enabled: false` too. Of the rest: openai and every instance that names a key need one
    that resolves; ollama must accept a connection, and vllm answer GET /health with 2xx, within 1 s each. All are asked
    at once, so a dead host delays nobody beyond the deadline.

    Args:
        settings: What is configured. ollama and vllm are looked for at their usual addresses even if it is silent on them.
        environ: Where credentials are looked up.
        transport_factory: Makes the transport for a probe by HTTP; it is closed afterwards.
        resolvers: Who knows other references than to the environment.

    Returns:
        The usable instances, in the order in which they are preferred, and the others with the reason.

    Raises:
        SettingsError: An instance lacks what its family requires.
    """
    complete = _with_local_servers(settings)
    by_credential = usable_instances(complete, environ, resolvers)
    refused = {skipped.name: skipped.reason for skipped in by_credential.skipped}
    configured = {instance.name: instance for instance in (*expand_instances(complete), *by_credential.usable)}
    auto = [each for each in by_credential.usable if each.enabled is None]
    refused |= await _silent(auto, _probes(environ, transport_factory))
    # Whoever is switched on explicitly is taken as is: what it lacks is an error then, and not a reason to look away.
    usable = [each for each in configured.values() if each.enabled or each.name not in refused]
    names = {each.name for each in usable}
    skipped = [Skipped(name=name, reason=reason) for name, reason in refused.items() if name not in names]
    return Enablement(usable=tuple(sorted(usable, key=_rank)), skipped=tuple(skipped))


def _rank(instance: InstanceSettings) -> int:
    return DETECTION_ORDER.index(instance.kind)


def _with_local_servers(settings: Settings) -> Settings:
    providers = dict(settings.providers)
    for kind in _FOUND_BY_THEMSELVES:
        providers.setdefault(kind, ProviderSettings())
    return attrs.evolve(settings, providers=providers)


def _probes(environ: Mapping[str, str], transport_factory: TransportFactory) -> Mapping[Kind, _Probe]:
    health = functools.partial(_health, environ=environ, transport_factory=transport_factory)
    return MappingProxyType({"ollama": _accepts, "vllm": health})


async def _silent(instances: list[InstanceSettings], probes: Mapping[Kind, _Probe]) -> dict[str, str]:
    """Probe them all at once; return those that failed, with the reason."""
    reasons: dict[str, str | None] = {}

    async def ask(instance: InstanceSettings, probe: _Probe) -> None:
        reasons[instance.name] = await probe(instance)

    asked = [(each, probes[each.kind]) for each in instances if each.kind in probes]
    with trio.move_on_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as nursery:
            for each, probe in asked:
                nursery.start_soon(ask, each, probe)
    late = f"no answer within {DEADLINE_SECONDS} s"
    results = {each.name: reasons.get(each.name, late) for each, _ in asked}
    return {name: reason for name, reason in results.items() if reason is not None}


async def _accepts(instance: InstanceSettings) -> str | None:
    url = httpx.URL(instance.base_url or "")
    port = url.port or (443 if url.scheme == "https" else 80)
    with trio.move_on_after(PROBE_SECONDS) as scope:
        try:
            stream = await trio.open_tcp_stream(url.host, port)
        except (OSError, ValueError) as error:
            return f"{url.host}:{port} does not accept connections: {connect_reason(error)}"
        await trio.aclose_forcefully(stream)
    return f"{url.host}:{port} did not accept a connection within {PROBE_SECONDS} s" if scope.cancelled_caught else None


async def _health(
    instance: InstanceSettings, *, environ: Mapping[str, str], transport_factory: TransportFactory
) -> str | None:
    root = httpx.URL(instance.base_url or "")
    url = root.copy_with(path=root.path.rstrip("/").removesuffix("/v1") + "/health")
    transport = transport_factory(instance, environ)
    try:
        with trio.move_on_after(PROBE_SECONDS):
            response = await transport.handle_async_request(httpx.Request("GET", url))
            await response.aclose()
            return None if response.is_success else f"{url} answered with status {response.status_code}"
    except HTTPX_ERRORS as error:
        return f"{url}: {fault_of(error).words}: {error}"
    finally:
        with trio.CancelScope(shield=True):
            await transport.aclose()
    return f"{url} did not answer within {PROBE_SECONDS} s"
