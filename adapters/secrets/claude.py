"""What Claude's command line keeps: a pure function of its two files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from .patch import Patch, read_object, secrets, section, stated

ORIGIN: Final = "Claude's configuration"

_BEDROCK_TOKEN: Final = "AWS_BEARER_TOKEN_BEDROCK"  # noqa: S105 - the name of a variable
_BEDROCK_WORDS: Final = ("AWS", "BEARER", "TOKEN", "BEDROCK")
# Its own short names ("opus", "sonnet[1m]") mean something to it alone.
_MODEL_MARK: Final = "claude-"


@attrs.frozen(kw_only=True)
class ClaudePatch(Patch):
    """What its files propose.

    Attributes:
        has_account: Whether somebody is logged in with an account of Claude's.
    """

    has_account: bool = False


def claude_patch(settings: str | bytes | None, config: str | bytes | None) -> ClaudePatch:
    """Return what the two files propose, each thing independently of the others.

    Args:
        settings: Text of `~/.claude/settings.json`, or None without one. Bedrock's token is read from its `env` alone.
        config: Text of `~/.claude.json`, laid over the settings.
    """
    below, above = read_object(settings), read_object(config)
    merged = {**below, **above, "env": {**section(below, "env"), **section(above, "env")}}
    env = merged["env"]
    model = stated(merged, "preferredModel", "model")
    return ClaudePatch(
        origin=ORIGIN,
        credentials=secrets(
            anthropic=stated(merged, "anthropicApiKey") or stated(env, "ANTHROPIC_API_KEY"),
            openai=stated(merged, "openaiApiKey") or stated(env, "OPENAI_API_KEY", "CODEX_API_KEY"),
            bedrock=_bedrock_token(section(below, "env")),
        ),
        default_model=model if model is not None and _MODEL_MARK in model else None,
        has_account=any(isinstance(each, str) and each.strip() for each in section(merged, "oauthAccount").values()),
    )


def _bedrock_token(env: Mapping[str, Any]) -> str | None:
    """Return the token under its exact name, else under the first name that holds all of its words."""
    alike = [name for name in env if all(word in name.upper() for word in _BEDROCK_WORDS)]
    return stated(env, _BEDROCK_TOKEN, *alike)
