"""Asks a plug-in which models there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...messages.catalogue import ModelFacts
from ...messages.credentials import Credential
from ...messages.errors import LegionError, ProviderError
from ...messages.settings import InstanceSettings
from .loading import plugin_of
from .plugin import PluginContext


def lists_models(instance: InstanceSettings) -> bool:
    """Whether the plug-in of an instance can tell which models there are.

    Raises:
        SettingsError: The plug-in cannot be used.
    """
    return callable(getattr(plugin_of(instance), "models", None))


class PluginScout:
    """Implements `actors.discovery.port.Scout`.

    Args:
        instance: Whom to look at; its plug-in lists models.
        environ: The environment, for the plug-in.
        credential: What it shows at first, or None.
    """

    def __init__(self, instance: InstanceSettings, environ: Mapping[str, str], credential: Credential | None) -> None:
        self._plugin: Any = plugin_of(instance)
        self._context = PluginContext(instance=instance, credential=credential, environ=environ)

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; see the port."""
        return self._context.instance.wants_credential and self._context.credential is None

    def use(self, credential: Credential) -> None:
        """Show this credential from now on; see the port."""
        self._context = attrs.evolve(self._context, credential=credential)

    async def look(self) -> tuple[ModelFacts, ...]:
        """Return the models; see the port."""
        name = f"plug-in {self._context.instance.plugin!r} of {self._context.name}"
        try:
            models = tuple(await self._plugin.models(self._context))
        except LegionError:
            raise
        except Exception as error:  # foreign code; what goes wrong in it is a look that failed
            raise ProviderError(f"{name} raised {type(error).__name__}: {error}") from error
        if not all(isinstance(each, ModelFacts) for each in models):
            raise ProviderError(f"{name} has listed something else than ModelFacts")
        return models

    async def aclose(self) -> None:
        """Do nothing: who looks opens and closes."""
