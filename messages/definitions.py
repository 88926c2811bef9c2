"""Tools as a model is told of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from .content import Extra


@attrs.frozen(kw_only=True)
class ToolDefinition:
    """A tool that the model may call.

    Attributes:
        parameters: JSON Schema of the arguments.
        strict: Whether the provider must enforce the schema; None leaves it to the provider.
        source: Who runs it: client, registry, extension, mcp, special, builtin.
        opaque: A vendor's own tool ("web_search"), verbatim; only its own dialect can carry it. None for ordinary tools.
        is_offer: Whether the client can do without it: a target that has no such tool leaves it out, with a warning, and does not refuse.
    """

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    strict: bool | None = None
    source: str = "client"
    cache_control: Extra | None = None
    opaque: Extra | None = None
    is_offer: bool = False
    extra: Extra = attrs.field(factory=dict)


_NOT_IN_A_TOOL_NAME = re.compile(r"[^A-Za-z0-9_-]")


def tool_name(name: str) -> str:
    """Return `name` as every provider accepts it: dots become underscores, other signs go, at most 64 characters, never empty."""
    return _NOT_IN_A_TOOL_NAME.sub("", name.replace(".", "_"))[:64] or "tool"


@attrs.frozen(kw_only=True)
class ToolChoice:
    """Which tool the model shall call.

    Attributes:
        mode: auto, none, required (any), or tool (the one named).
        parallel: Whether several calls per turn are allowed; None leaves it to the provider.
    """

    mode: Literal["auto", "none", "required", "tool"] = "auto"
    name: str | None = None
    parallel: bool | None = None
