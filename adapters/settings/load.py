"""`load_settings`: defaults, file, environment and code become one checked snapshot."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...messages.errors import SettingsError
from ...messages.settings import Settings, expand_instances
from .layers import Layer, layer, merge, origin_of
from .sources import config_file, home_of, read_environment, read_file, read_privacy
from .structure import Fault, bare_message, structure


def load_settings(
    config: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    home: Path | None = None,
) -> Settings:
    """Return the settings of defaults <- file <- environment <- `overrides`.

    Objects are merged, lists and single values replace, null unsets. File and `overrides` may have the single root key `llm` or not.

    Args:
        config: JSON file, or TOML if its name ends in ".toml". None: the one that `LEGION_LLM_CONFIG` names, else
            `<home>/.legionio/settings/llm.json` if it exists.
        overrides: Settings given in code, in the shape of the file.
        environ: Environment: `LEGION_LLM__API__PORT=8080` sets `api.port`. A value is JSON if it parses, else text; an empty one is not set.
            `LEGION_ENTERPRISE_PRIVACY=true` sets `enterprise_privacy`, whatever else says otherwise.
        home: Where "~" is. None: what `environ` says (HOME, USERPROFILE); without either there is no home.

    Raises:
        SettingsError: A named file is missing or malformed, a key unknown, a value of the wrong type or out of range. The message lists what was
            found, a line each, with path and origin; `path` is the first path.
    """
    layers = tuple(_layers(config, overrides, environ, home))
    result = structure(merge(layers))
    if not isinstance(result, Settings):
        raise _error(result, layers)
    _check_instances(result, layers)
    return result


def _layers(
    config: str | Path | None, overrides: Mapping[str, Any] | None, environ: Mapping[str, str], home: Path | None
) -> Iterator[Layer]:
    path = config_file(config, environ, home or home_of(environ))
    if path:
        yield read_file(path)
    yield read_environment(environ)
    if overrides is not None:
        yield layer("code", overrides)
    yield read_privacy(environ)


def _check_instances(settings: Settings, layers: Sequence[Layer]) -> None:
    try:
        expand_instances(settings)
    except SettingsError as error:
        fault = Fault(path=tuple(error.path.split(".")), message=bare_message(error))
        raise _error([fault], layers) from error


def _error(faults: Sequence[Fault], layers: Sequence[Layer]) -> SettingsError:
    # What an instance has inherited is already reported where it was written.
    own = [fault for fault in faults if "instances" not in fault.path or origin_of(fault.path, layers)] or faults
    lines = [f"{'.'.join(fault.path)} ({_nearest_origin(fault, layers)}): {fault.message}" for fault in own]
    return SettingsError("\n".join(lines), path=".".join(own[0].path))


def _nearest_origin(fault: Fault, layers: Sequence[Layer]) -> str:
    # Something that is missing has no origin of its own: name the one of the section it is missing from.
    for length in range(len(fault.path), 0, -1):
        origin = origin_of(fault.path[:length], layers)
        if origin:
            return origin
    # A key that is no text, which only code can write.
    return "code"
