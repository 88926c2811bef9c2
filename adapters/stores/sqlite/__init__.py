"""One SQLite file: WAL, group commit, migrations forward, and errors that name the file."""

from __future__ import annotations

from .database import Database
from .opening import FileOptions

__all__ = ["Database", "FileOptions"]
