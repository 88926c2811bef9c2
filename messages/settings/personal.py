"""Credentials that other programs of the same person keep."""

from __future__ import annotations

import attrs

from .checks import not_blank


@attrs.frozen(kw_only=True)
class ClaudeCliSettings:
    """What Claude's command line keeps. Its keys are the last candidates of their vendors, and only for the vendors' own addresses.

    Attributes:
        enabled: Whether it is read. None: by this program's own command line, and not by a host that embeds it. Default None.
        settings_path: File of its settings; "~" is the home. Default "~/.claude/settings.json".
        config_path: File of its state, which counts more than the settings. Default "~/.claude.json".
    """

    enabled: bool | None = None
    settings_path: str = attrs.field(default="~/.claude/settings.json", validator=not_blank)
    config_path: str = attrs.field(default="~/.claude.json", validator=not_blank)


@attrs.frozen(kw_only=True)
class CodexSettings:
    """What the Codex command line keeps. Its token and its key are the last candidates of OpenAI.

    Attributes:
        enabled: Whether it is read. None: by this program's own command line, and not by a host that embeds it. Default None.
        auth_path: File of its login; "~" is the home. Default "~/.codex/auth.json".
    """

    enabled: bool | None = None
    auth_path: str = attrs.field(default="~/.codex/auth.json", validator=not_blank)
