"""What a host brings along, bound to the threads and loops where it belongs."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...runtime import ActorSystem
from ..tools.host_tools import HostTools
from ..tools.python_venv import python_venv
from .functions import HostFunctions
from .host import NO_HOST, Host
from .shelf import ToolShelf


@attrs.frozen(kw_only=True)
class BoundHost:
    """What a host brings along, ready to be called from the actors.

    Attributes:
        host: As it came.
        functions: Calls functions where they belong.
        runner: Calls the host's tools.
        tools: The host's tools, for the host.
    """

    host: Host
    functions: HostFunctions
    runner: HostTools
    tools: ToolShelf


def bind_host(host: Host, system: ActorSystem, environ: Mapping[str, str]) -> BoundHost:
    """Bind what the host brings; in the host's own thread, so that its event loop is known.

    Raises:
        InvalidRequestError: One of its tools is none.
    """
    functions = HostFunctions(system)
    runner = HostTools(functions)
    runner.interceptors = (python_venv(environ),)
    tools = ToolShelf(runner, system.address("toolbox"))
    if host.tools:
        tools.bind(*host.tools)
    return BoundHost(host=host, functions=functions, runner=runner, tools=tools)


def no_host(system: ActorSystem) -> BoundHost:
    """Return what a host is that brings nothing."""
    return bind_host(NO_HOST, system, {})
