"""Where raw settings come from: a JSON or TOML file, and the environment."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from ...messages.errors import SettingsError
from .layers import Layer, Tree, layer

CONFIG_VARIABLE: Final = "LEGION_LLM_CONFIG"
PRIVACY_VARIABLE: Final = "LEGION_ENTERPRISE_PRIVACY"
PREFIX: Final = "LEGION_LLM__"
SEPARATOR: Final = "__"
HOME_FILE: Final = Path(".legionio", "settings", "llm.json")


class EnvironmentText(str):
    """A text from the environment that can also be read as a JSON number or flag; the setting's type decides which is meant.

    Attributes:
        parsed: The number or flag.
    """

    __slots__ = ("parsed",)

    parsed: float | bool

    def __new__(cls, text: str, parsed: float | bool) -> Self:  # noqa: FBT001 - the flag is the value
        """Keep both readings."""
        self = super().__new__(cls, text)
        self.parsed = parsed
        return self


def config_file(config: str | Path | None, environ: Mapping[str, str], home: Path | None) -> Path | None:
    """Return the file to read: the one asked for, else the one named in the environment, else the one below `home` if it exists."""
    named = config or environ.get(CONFIG_VARIABLE)
    if named:
        return _expanded(Path(named), home)
    usual = home / HOME_FILE if home else None
    return usual if usual and usual.is_file() else None


def home_of(environ: Mapping[str, str]) -> Path | None:
    """Return the user's home as the environment states it, or None."""
    stated = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(stated) if stated else None


def _expanded(path: Path, home: Path | None) -> Path:
    return home.joinpath(*path.parts[1:]) if home and path.parts[:1] == ("~",) else path


def read_file(path: Path) -> Layer:
    """Read a settings file; ".toml" is TOML, anything else JSON.

    Raises:
        SettingsError: Missing, unreadable or malformed; the message names file, line and column.
    """
    text = _text(path)
    return layer(str(path), _toml(text, path) if path.suffix.lower() == ".toml" else _json(text, path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such settings file") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text (byte {error.start})") from error


def _toml(text: str, path: Path) -> Tree:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: malformed TOML: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: nested too deeply") from error


def _json(text: str, path: Path) -> object:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{path}: line {error.lineno}, column {error.colno}: malformed JSON: {error.msg}"
        ) from error
    except ValueError as error:
        raise SettingsError(f"{path}: malformed JSON: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: nested too deeply") from error


def _once(pairs: list[tuple[str, Any]]) -> Tree:
    # JSON would let the last of two equal keys win in silence.
    tree = dict(pairs)
    if len(tree) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return tree


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def read_environment(environ: Mapping[str, str]) -> Layer:
    """Collect `LEGION_LLM__SECTION__KEY=value`; names are lowered, empty values count as not set.

    Raises:
        SettingsError: A name has an empty part, or stands for a value and a section at once.
    """
    tree: Tree = {}
    # Sections as a whole first, so that their single keys lay themselves over them.
    for name in sorted(environ, key=lambda each: (each.count(SEPARATOR), each)):
        if name.startswith(PREFIX) and environ[name].strip():
            _plant(tree, name, _value(environ[name]))
    return Layer(origin="environment", tree=tree)


_YES: Final = frozenset({"true", "1", "yes", "on"})
_NO: Final = frozenset({"", "false", "0", "no", "off"})


def read_privacy(environ: Mapping[str, str]) -> Layer:
    """Return what the environment says of privacy: on, or nothing; whoever runs the machine has the last word on what leaves it.

    Raises:
        SettingsError: It is neither yes nor no.
    """
    word = environ.get(PRIVACY_VARIABLE, "").strip().lower()
    if word not in _YES | _NO:
        raise SettingsError(f"{PRIVACY_VARIABLE} (environment): must be true or false, not {word!r}")
    return Layer(origin="environment", tree={"enterprise_privacy": True} if word in _YES else {})


def _plant(tree: Tree, name: str, value: object) -> None:
    *sections, key = name[len(PREFIX) :].lower().split(SEPARATOR)
    if not all((*sections, key)):
        raise SettingsError(f"{name} (environment): a part of the name is empty")
    for section in sections:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise SettingsError(f"{name} (environment): {section!r} was set to a single value by another variable")
    tree[key] = value


def _value(text: str) -> object:
    try:
        parsed = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text
    return EnvironmentText(text, parsed) if isinstance(parsed, (bool, int, float)) else parsed
