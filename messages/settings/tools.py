"""The sections of the settings that are about tools."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..secret import SecretRef
from .checks import EMPTY, above, between, fault, frozen_mapping, names, not_blank


@attrs.frozen(kw_only=True)
class ToolLoopSettings:
    """How far a model may go with the tools that the gateway runs.

    Attributes:
        max_calls_per_turn: Calls of one turn that are run; the others are answered with an error (at least 1). Default 100.
        max_repeats: How often the same tool is run with the same arguments for one request; more often it is answered with an error, and a model that
            goes on is stopped (at least 1). Default 3.
        max_seconds: Seconds for all rounds of one request (above 0); the request's own deadline may end them earlier. Default 600.0.
        max_parallel: Tools of one turn that run at once (at least 1). Default 8.
        result_max_chars: Characters of a result that the model is shown; the rest is cut, and it is told so (at least 100). Default 10000.
    """

    max_calls_per_turn: int = attrs.field(default=100, validator=between(1))
    max_repeats: int = attrs.field(default=3, validator=between(1))
    max_seconds: float = attrs.field(default=600.0, validator=above(0, unit="s"))
    max_parallel: int = attrs.field(default=8, validator=between(1))
    result_max_chars: int = attrs.field(default=10_000, validator=between(100))


@attrs.frozen(kw_only=True)
class ToolTriggerSettings:
    """When tools that are not always at hand are offered, because of the user's words.

    Attributes:
        scan_depth: The user's messages, of the last so many messages, that are looked at (at least 1). Default 10.
        tool_limit: Tools offered for their words at most, those with most of them first (at least 0). Default 25.
        local_tool_limit: Tools offered to a model on this machine at most, the triggered ones first (at least 0), or None. Default None.
    """

    scan_depth: int = attrs.field(default=10, validator=between(1))
    tool_limit: int = attrs.field(default=25, validator=between(0))
    local_tool_limit: int | None = attrs.field(default=None, validator=between(0))


@attrs.frozen(kw_only=True)
class ToolStickySettings:
    """How long tools stay at hand in a conversation once they were called for, and what is remembered of their runs.

    Attributes:
        enabled: Whether they stay, and are remembered. Default True.
        trigger_turns: Further turns of the user for which a group of tools stays that a word called for (at least 0). Default 2.
        execution_tool_calls: Further runs of deferred tools for which a group stays that was used (at least 0). Default 5.
        max_history_entries: Runs remembered for each conversation, the oldest dropped first (at least 0). Default 50.
        max_result_length: Characters of a result that are remembered (at least 0). Default 2000.
        max_args_length: Characters of an argument that are remembered (at least 0). Default 500.
    """

    enabled: bool = True
    trigger_turns: int = attrs.field(default=2, validator=between(0))
    execution_tool_calls: int = attrs.field(default=5, validator=between(0))
    max_history_entries: int = attrs.field(default=50, validator=between(0))
    max_result_length: int = attrs.field(default=2000, validator=between(0))
    max_args_length: int = attrs.field(default=500, validator=between(0))


def _refs(path: str, values: Mapping[str, object]) -> Mapping[str, SecretRef]:
    return frozen_mapping({name: SecretRef.of(value, path=f"{path}.{name}") for name, value in values.items()})


def _environment(values: Mapping[str, object]) -> Mapping[str, SecretRef]:
    return _refs("env", values)


def _headers(values: Mapping[str, object]) -> Mapping[str, SecretRef]:
    return _refs("headers", values)


@attrs.frozen(kw_only=True)
class McpServerSettings:
    """One MCP server: a program that is started, or an address.

    Attributes:
        command: Program to start and speak to over its standard input and output, or None. Default None.
        args: Its arguments. Default none.
        env: Variables added to its environment, each as text, "env://NAME" or a list of which the first that yields something is taken. Default none.
        cwd: Its working directory, or None for ours. Default None.
        show_stderr: Whether what it writes to its standard error appears on ours. Default False: it is thrown away.
        url: Address of a server that speaks streamable HTTP, or None. Default None.
        headers: HTTP headers sent there, each as the entries of `env`. Default none.
        enabled: False: it is not connected. Default True.
        deferred: Whether its tools are offered only where a word calls for them, or a caller names them. Default False.
        connect_timeout: Seconds until it is ready (above 0). Default 30.0.
        timeout: Seconds that one run of a tool may take (above 0). Default 60.0.
    """

    command: str | None = attrs.field(default=None, validator=not_blank)
    args: tuple[str, ...] = ()
    env: Mapping[str, SecretRef] = attrs.field(default=EMPTY, converter=_environment)
    cwd: str | None = attrs.field(default=None, validator=not_blank)
    show_stderr: bool = False
    url: str | None = attrs.field(default=None, validator=not_blank)
    headers: Mapping[str, SecretRef] = attrs.field(default=EMPTY, converter=_headers)
    enabled: bool = True
    deferred: bool = False
    connect_timeout: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    timeout: float = attrs.field(default=60.0, validator=above(0, unit="s"))

    def __attrs_post_init__(self) -> None:
        if (self.command is None) == (self.url is None):
            raise fault("command", "state either a command to start, or a url to connect to")


@attrs.frozen(kw_only=True)
class McpSettings:
    """MCP servers, whose tools the gateway offers.

    Attributes:
        servers: By name. Default none.
        overrides: Names of the host's tools that are run in the place of an MCP server's, by the name of that tool. Default none.
        confidence_file: SQLite file that keeps how far tools that say themselves that they may take a server's place are trusted to, or None: it is
            forgotten at the end. Default None.
    """

    servers: Mapping[str, McpServerSettings] = attrs.field(default=EMPTY, converter=frozen_mapping, validator=names)
    overrides: Mapping[str, str] = attrs.field(default=EMPTY, converter=frozen_mapping)
    confidence_file: str | None = attrs.field(default=None, validator=not_blank)
