"""Makes the toolbox, and one actor for each MCP server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from ...actors.toolbox.actor import Toolbox
from ...actors.toolbox.overrides import OverrideStores
from ...actors.toolbox.server import McpServer
from ...messages.errors import SettingsError
from ...messages.secret import Secret, SecretRef
from ...messages.settings import McpServerSettings, Settings
from ...runtime import ActorSystem, Address, ChildSpec
from ..host.bound import BoundHost
from ..settings.credentials import Absent, resolve
from ..tools.mcp import McpConnection
from ..tools.override_stores import RedisOverrides, SqliteOverrides, bound_store
from .caching import redis_password


def toolbox(
    settings: Settings, environ: Mapping[str, str], system: ActorSystem, host: BoundHost
) -> Callable[[], Toolbox]:
    """Return what makes the actor that knows which tools there are.

    What the host brings along is bound here and now, in the host's own thread; our own stores where the actor lives.

    Raises:
        SettingsError: The password of Redis cannot be looked up, or its client is not installed.
    """
    knowledge = bound_store(host.host.override_knowledge, host.functions, "the host's knowledge of overrides")
    cache = _shared(settings, environ)
    file = None if settings.mcp.confidence_file is None else SqliteOverrides(settings.mcp.confidence_file)

    def server(name: str) -> Address:
        return system.address(f"mcp/{name}")

    def make() -> Toolbox:
        stores = OverrideStores(
            cache=bound_store(cache, host.functions, "the shared cache"),
            file=bound_store(file, host.functions, "the file of overrides"),
            knowledge=knowledge,
        )
        return Toolbox(
            host.runner,
            server=server,
            inference=system.address("inference"),
            offered=lambda: host.tools.offered,
            overrides=settings.mcp.overrides,
            stores=stores,
        )

    return make


def _shared(settings: Settings, environ: Mapping[str, str]) -> RedisOverrides | None:
    """Return the cache that several gateways share, where there is one, and servers whose tools could be overridden."""
    section = settings.response_cache
    if not section.enabled or section.redis_url is None or not settings.mcp.servers:
        return None
    return RedisOverrides(section.redis_url, redis_password(section.redis_password, environ))


def mcp_servers(settings: Settings, environ: Mapping[str, str], system: ActorSystem) -> tuple[ChildSpec, ...]:
    """Return the descriptions of the actors that hold MCP servers.

    Raises:
        SettingsError: A credential cannot be found, or the library is not installed.
    """
    enabled = {name: server for name, server in settings.mcp.servers.items() if server.enabled}
    if enabled and find_spec("mcp") is None:
        raise SettingsError(
            "mcp.servers: MCP servers need the mcp library: pip install legion-llm[mcp]", path="mcp.servers"
        )
    return tuple(_spec(name, server, environ, system) for name, server in enabled.items())


def _spec(name: str, server: McpServerSettings, environ: Mapping[str, str], system: ActorSystem) -> ChildSpec:
    env = _revealed(server.env, environ, f"mcp.servers.{name}.env")
    headers = _revealed(server.headers, environ, f"mcp.servers.{name}.headers")

    def make() -> McpConnection:
        return McpConnection(name, server, env, headers)

    return ChildSpec(name=name, factory=lambda: McpServer(name, make, toolbox=system.address("toolbox")))


def _revealed(refs: Mapping[str, SecretRef], environ: Mapping[str, str], path: str) -> dict[str, Secret]:
    found: dict[str, Secret] = {}
    for name, reference in refs.items():
        value = resolve(reference, environ)
        if isinstance(value, Absent):
            raise SettingsError(f"{path}.{name}: {value.reason}", path=f"{path}.{name}")
        found[name] = value
    return found
