"""The interceptor that is there from the start: commands of Python run in the managed environment, where there is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ...actors.toolbox.interceptors import Interceptor

_NAMES: Final = frozenset({"python", "python3", "pip", "pip3"})
_FIRST_WORD: Final = re.compile(r"\s*(python3?|pip3?)(?=\s|\Z)", re.IGNORECASE)
_VARIABLE: Final = "LEGION_PYTHON_VENV"


def python_venv(environ: Mapping[str, str]) -> Interceptor:
    """Return the interceptor: a tool called python, python3, pip or pip3 whose `command` begins with such a word gets the program of the environment.

    That is the one `LEGION_PYTHON_VENV` names, else `~/.legionio/python`; where it does not exist, nothing is changed.
    """

    async def rewrite(_tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        command = arguments.get("command")
        match = _FIRST_WORD.match(command) if isinstance(command, str) else None
        if match is None or not isinstance(command, str):
            return arguments
        program = _bin(environ) / match[1].lower()
        if not program.exists():
            return arguments
        return {**arguments, "command": f"{program}{command[match.end() :]}"}

    return Interceptor("python_venv", lambda tool: tool.lower() in _NAMES, rewrite)


def _bin(environ: Mapping[str, str]) -> Path:
    named = environ.get(_VARIABLE)
    root = Path(named) if named else Path(environ.get("HOME", "/nonexistent")) / ".legionio" / "python"
    return root / "bin"
