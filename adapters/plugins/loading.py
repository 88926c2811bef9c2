"""Finding plug-ins, and what is wrong with those that cannot be used."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from ...actors.connection.port import Provider
from ...messages.credentials import Credential
from ...messages.errors import SettingsError
from ...messages.settings import InstanceSettings, setting_path
from .plugin import GROUP, PROTOCOL, PluginContext, ProviderPlugin

_METHODS: Final = ("chat", "stream", "aclose")


def installed() -> tuple[str, ...]:
    """Return the names of the plug-ins that installed packages bring, in alphabetical order. Runs none of their code."""
    return tuple(sorted({each.name for each in entry_points(group=GROUP)}))


@functools.cache
def load_plugin(name: str) -> ProviderPlugin:
    """Return a plug-in.

    Args:
        name: Of an installed one, or "package.module:object".

    Raises:
        SettingsError: There is none, it cannot be imported, or is no plug-in of this protocol.
    """
    entry = _entry(name)
    try:
        plugin: Any = entry.load()
    except Exception as error:  # it is foreign code, and whatever is wrong with it must stay its own affair
        raise SettingsError(
            f"plug-in {name!r} ({entry.value}) cannot be imported: {type(error).__name__}: {error}"
        ) from error
    return checked(plugin, name)


def checked(plugin: Any, name: str) -> ProviderPlugin:
    """Return what an entry point holds, if it is a plug-in of this protocol.

    Raises:
        SettingsError: It is none.
    """
    spoken = getattr(plugin, "protocol", None)
    if spoken != PROTOCOL:
        said = f"speaks protocol {spoken!r}" if spoken is not None else "does not say which protocol it speaks"
        raise SettingsError(
            f"plug-in {name!r} {said}, and this gateway speaks {PROTOCOL}: install one that has protocol = {PROTOCOL}"
        )
    if not callable(getattr(plugin, "build", None)):
        raise SettingsError(f"plug-in {name!r} has no build(context)")
    return plugin  # type: ignore[no-any-return]  # looked at just now


def built(plugin: ProviderPlugin, context: PluginContext) -> Provider:
    """Return what a plug-in builds.

    Raises:
        SettingsError: It builds nothing, or no provider.
    """
    name = context.instance.plugin
    try:
        provider: Any = plugin.build(context)
    except SettingsError:
        raise
    except Exception as error:  # as above
        raise SettingsError(
            f"plug-in {name!r} cannot build a provider: {type(error).__name__}: {error}",
            path=setting_path(context.name, "plugin"),
        ) from error
    lacking = [each for each in _METHODS if not inspect.iscoroutinefunction(getattr(provider, each, None))]
    if lacking:
        raise SettingsError(
            f"plug-in {name!r} has built a {type(provider).__name__}, which has no async method {' and no '.join(lacking)}",
            path=setting_path(context.name, "plugin"),
        )
    return provider  # type: ignore[no-any-return]  # looked at just now


def plugin_of(instance: InstanceSettings) -> ProviderPlugin:
    """Return the plug-in of an instance.

    Raises:
        SettingsError: As for `load_plugin`; `path` says where it is named.
    """
    assert instance.plugin is not None
    try:
        return load_plugin(instance.plugin)
    except SettingsError as error:
        raise SettingsError(str(error), path=setting_path(instance.name, "plugin")) from error.__cause__


def plugin_obstacle(
    instance: InstanceSettings, environ: Mapping[str, str], credential: Credential | None
) -> str | None:
    """Return why the plug-in of an instance cannot be used, or None where it can."""
    try:
        built(plugin_of(instance), PluginContext(instance=instance, credential=credential, environ=environ))
    except SettingsError as error:
        return str(error)
    return None


def _entry(name: str) -> EntryPoint:
    if ":" in name:
        return EntryPoint(name=name, value=name, group=GROUP)
    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        known = ", ".join(installed()) or "none"
        raise SettingsError(
            f"no plug-in {name!r} is installed (entry points {GROUP}): install the package that brings it; there are: {known}"
        )
    if len({each.value for each in found}) > 1:
        brought = ", ".join(sorted(each.value for each in found))
        raise SettingsError(
            f"several packages bring a plug-in {name!r} ({brought}): name the one as package.module:object"
        )
    return found[0]
