"""The section of the settings that is about skills."""

from __future__ import annotations

from typing import Final

import attrs

from .checks import between, not_blank_entries

DIRECTORIES: Final = (".legion/skills", "~/.legionio/skills")


@attrs.frozen(kw_only=True)
class SkillDiscoverySettings:
    """Whose skills are looked for beside our own.

    Attributes:
        claude: Whether `.claude/skills` and `~/.claude/skills` are read. Default False.
        codex: Whether `.codex/skills` and `~/.codex/skills` are read. Default False.
    """

    claude: bool = False
    codex: bool = False


@attrs.frozen(kw_only=True)
class SkillsSettings:
    """Which skills there are, and when they are run.

    Attributes:
        enabled: Whether there are any. Default True.
        auto_inject: Whether those are run whose condition is enough. Default True.
        on_demand: Whether those are run that words, changed files or a caller call for. Default True.
        max_active_skills: Skills begun for one request at most; what follows one by its chain does not count (at least 0). Default 1.
        directories: Folders whose `*.md` and `*/SKILL.md` are read at the start, the earlier first; those that are not there are passed over. Default
            ".legion/skills" below the working directory, and "~/.legionio/skills".
        auto_discover: Whose skills are looked for beside our own.
        enabled_skills: Keys ("dev:release") of the only ones that are run; none: all. Default none.
        disabled_skills: Keys of those that are not run. Default none.
    """

    enabled: bool = True
    auto_inject: bool = True
    on_demand: bool = True
    max_active_skills: int = attrs.field(default=1, validator=between(0))
    directories: tuple[str, ...] = attrs.field(default=DIRECTORIES, validator=not_blank_entries)
    auto_discover: SkillDiscoverySettings = SkillDiscoverySettings()
    enabled_skills: tuple[str, ...] = attrs.field(default=(), validator=not_blank_entries)
    disabled_skills: tuple[str, ...] = attrs.field(default=(), validator=not_blank_entries)
