"""Where the store lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from ...messages.settings import Settings

# Below the user's home: where `legion-llm serve` keeps what it keeps, unless the settings say otherwise.
USUAL: Final = Path("~", ".legionio", "data", "legion-llm.db")
# A worker of the fleet may run beside a gateway, and a file has one owner.
USUAL_OF_WORKER: Final = USUAL.with_name("legion-llm-worker.db")


def file_of(path: str | Path) -> Path:
    """Return the file that a setting means: "~" is the user's home."""
    return Path(path).expanduser()


def durable(settings: Settings, environ: Mapping[str, str], usual: Path = USUAL) -> Settings:
    """Return the settings of a process that keeps what happens: the usual file where they name none."""
    if settings.store.path is not None or settings.store.url is not None:
        return settings
    home = environ.get("HOME") or environ.get("USERPROFILE")
    file = Path(home, *usual.parts[1:]) if home else file_of(usual)
    return attrs.evolve(settings, store=attrs.evolve(settings.store, path=str(file)))
