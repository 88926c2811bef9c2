"""Who is checked, and how one check is run."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import attrs
import trio

from ....actors.connection.port import Provider
from ....messages.settings import expand_instances
from ...settings import load_settings
from ...settings.candidates import credential_at_hand
from ..loading import built, checked, load_plugin
from ..plugin import PluginContext, ProviderPlugin

_CLOSING_SECONDS = 5.0


class NotConforming(AssertionError):
    """A plug-in does not do what a gateway expects of it; the message says what."""


@attrs.frozen(kw_only=True)
class Subject:
    """The plug-in that is checked, and what it is to be asked.

    Attributes:
        plugin: Name of an installed one, "package.module:object", or the plug-in itself.
        model: A model that answers.
        settings: What a block of `providers` would say beside `plugin`: `base_url`, `api_key`, `options` and so on.
        embedding_model: A model that makes vectors, or None where none does.
        patience: Seconds that one check may take.
    """

    plugin: str | ProviderPlugin
    model: str
    settings: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    embedding_model: str | None = None
    patience: float = 30.0

    @property
    def loaded(self) -> ProviderPlugin:
        """The plug-in.

        Raises:
            SettingsError: It cannot be used.
        """
        return load_plugin(self.plugin) if isinstance(self.plugin, str) else checked(self.plugin, "subject")

    @property
    def context(self) -> PluginContext:
        """What it is given.

        Raises:
            SettingsError: The settings are wrong.
        """
        name = self.plugin if isinstance(self.plugin, str) else "subject"
        block = {"plugin": name, **self.settings}
        [instance] = expand_instances(load_settings(overrides={"providers": {"subject": block}}, environ={}))
        return PluginContext(instance=instance, credential=credential_at_hand(instance, {}))

    @contextlib.asynccontextmanager
    async def provider(self) -> AsyncIterator[Provider]:
        """Build a provider, and close it at the end.

        Raises:
            SettingsError: The plug-in cannot build one.
        """
        provider = built(self.loaded, self.context)
        try:
            yield provider
        finally:
            with trio.move_on_after(_CLOSING_SECONDS, shield=True):
                await provider.aclose()


@attrs.frozen
class Check:
    """One thing that a gateway expects.

    Attributes:
        name: In words ("streams an answer").
        run: Finds out; raises where it is not so.
    """

    name: str
    run: Callable[[Subject], Awaitable[None]] = attrs.field(repr=False)


def hold(check: Check, subject: Subject) -> None:
    """Run one check, in a loop of its own.

    Raises:
        NotConforming: What the gateway expects is not so.
    """

    async def within_time() -> None:
        with trio.move_on_after(subject.patience) as scope:
            await check.run(subject)
        if scope.cancelled_caught:
            raise NotConforming(f"it {check.name}: not within {subject.patience:g} s")

    try:
        trio.run(within_time)
    except NotConforming:
        raise
    except Exception as error:  # foreign code; whatever it raises is a finding
        raise NotConforming(f"it {check.name}: no, it raised {type(error).__name__}: {error}") from error


def expect(what_is_wrong: str, *, unless: bool) -> None:
    """Complain unless something is so.

    Raises:
        NotConforming: It is not.
    """
    if not unless:
        raise NotConforming(what_is_wrong)
