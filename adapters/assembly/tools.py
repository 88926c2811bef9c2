"""Makes the toolbox, and one actor for each MCP server."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from ...actors.toolbox.actor import Toolbox
from ...actors.toolbox.server import McpServer
from ...messages.errors import SettingsError
from ...messages.secret import Secret, SecretRef
from ...messages.settings import McpServerSettings, Settings
from ...runtime import ActorSystem, Address, ChildSpec
from ..host.bound import BoundHost
from ..settings.credentials import Absent, resolve
from ..tools.mcp import McpConnection


def toolbox(system: ActorSystem, host: BoundHost, overrides: Mapping[str, str]) -> Toolbox:
    """Return the actor that knows which tools there are."""

    def server(name: str) -> Address:
        return system.address(f"mcp/{name}")

    return Toolbox(
        host.runner,
        server=server,
        inference=system.address("inference"),
        offered=lambda: host.tools.offered,
        overrides=overrides,
    )


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
