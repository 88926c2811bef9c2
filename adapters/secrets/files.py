"""The files of other programs, read anew at each use: what they keep changes, and expires."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ...messages.secret import Secret
from ...messages.settings import ClaudeCliSettings, CodexSettings
from ..settings.credentials import Absent
from .claude import ORIGIN as CLAUDE
from .claude import ClaudePatch, claude_patch
from .codex import ORIGIN as CODEX
from .codex import codex_patch
from .patch import Patch

# Claude's state grows to some megabytes with its history.
MOST_BYTES: Final = 64 * 1024 * 1024


class ClaudeFiles:
    """Resolves "claude://anthropic", "claude://openai" and "claude://bedrock".

    Args:
        settings: Where the files are.
        home: What "~" stands for; None: there is no home, and nothing is found below it.
    """

    def __init__(self, settings: ClaudeCliSettings, home: Path | None) -> None:
        self._settings = located(settings.settings_path, home)
        self._config = located(settings.config_path, home)

    def patch(self) -> ClaudePatch:
        """Return what the files propose now."""
        return claude_patch(read(self._settings), read(self._config))

    def __call__(self, name: str) -> Secret | Absent:
        """Return the credential of this name, or why there is none."""
        return _credential(self.patch(), name, f"{CLAUDE} has no credential for {name}")


class CodexFiles:
    """Resolves "codex://token" and "codex://key".

    Args:
        settings: Where the file is.
        home: What "~" stands for.
        wall_clock: Returns Unix seconds.
    """

    def __init__(self, settings: CodexSettings, home: Path | None, wall_clock: Callable[[], float] = time.time) -> None:
        self._auth = located(settings.auth_path, home)
        self._wall_clock = wall_clock

    def patch(self) -> Patch:
        """Return what the file proposes now."""
        return codex_patch(read(self._auth), self._wall_clock())

    def __call__(self, name: str) -> Secret | Absent:
        """Return the credential of this name, or why there is none."""
        return _credential(self.patch(), name, f"{CODEX} has no {name}")


def _credential(patch: Patch, name: str, lacking: str) -> Secret | Absent:
    return patch.credentials.get(name) or Absent(patch.notes.get(name, lacking))


def located(path: str, home: Path | None) -> Path | None:
    """Return a path with "~" replaced by the home; None where there is none."""
    parts = Path(path).parts
    if parts[:1] != ("~",):
        return Path(path)
    return home.joinpath(*parts[1:]) if home is not None else None


def read(path: Path | None) -> bytes | None:
    """Return the content of a file; None where it cannot be read, or is absurdly large."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError:
        return None
    return content if len(content) <= MOST_BYTES else None
