"""The files of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

_HERE: Final = Path(__file__).parent
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PAGE: Final = "index.html"


def files() -> Mapping[str, tuple[bytes, str]]:
    """Return contents and media type by name, of all there are: no name that a client sends ever becomes a path."""
    found = {path.name: path for path in _HERE.iterdir() if path.suffix in _TYPES}
    return MappingProxyType({name: (path.read_bytes(), _TYPES[path.suffix]) for name, path in found.items()})
