"""Which provider instances a gateway connects, and what to tell the person who starts it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from typing import Final

import attrs
import trio

from ...messages.settings import InstanceSettings, ProviderSettings, Settings, expand_instances
from ..secrets.resolvers import preferred_model, resolvers_of
from ..settings.credentials import Resolvers
from ..settings.enablement import Enablement, usable_instances
from .detect import detect_instances

_DEMO_NOTICE: Final = (
    "NO PROVIDER IS CONFIGURED OR WAS FOUND: answering with the built-in demo model, which only echoes.",
    "To use a real one: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or start Ollama or vLLM on this machine, or name a provider in the settings.",
)


@attrs.frozen(kw_only=True)
class Chosen:
    """The instances to connect.

    Attributes:
        instances: In order of preference.
        notes: Lines for people.
        default_model: Model for requests that name none: the settings', else what the person prefers elsewhere.
    """

    instances: tuple[InstanceSettings, ...]
    notes: tuple[str, ...]
    default_model: str | None = None


def choose_instances(settings: Settings, environ: Mapping[str, str], *, demo_if_empty: bool) -> Chosen:
    """Return the instances to connect. From a host's thread; opens sockets only where no provider is named.

    What the settings name is used as soon as its credential is there, whether its server answers yet or not: its circuit breaker deals with that.
    Where they name none, local servers are looked for at their usual addresses (1.5 s at the most).

    Args:
        settings: What is configured.
        environ: Where credentials are looked up.
        demo_if_empty: Use the demo model where nothing is configured or found.

    Raises:
        SettingsError: An instance lacks what its family requires.
    """
    resolvers = resolvers_of(settings, environ)
    find = usable_instances if settings.providers else _detected
    found = find(settings, environ, resolvers)
    model = _default_model(settings, environ, found)
    notes = [f"provider {each.name} ({each.kind}, {each.tier})" for each in found.usable]
    notes += [f"not used: {each.name}: {each.reason}" for each in found.skipped]
    if model != settings.default_model:
        notes.append(f"model {model} for requests that name none (from Claude's configuration)")
    if found.usable or not demo_if_empty or settings.providers:
        return Chosen(instances=found.usable, notes=tuple(notes), default_model=model)
    demo = expand_instances(Settings(providers={"demo": ProviderSettings(kind="demo", enabled=True)}))
    return Chosen(instances=demo, notes=(*notes, *_DEMO_NOTICE), default_model=settings.default_model)


def _default_model(settings: Settings, environ: Mapping[str, str], found: Enablement) -> str | None:
    """Return the settings' default model, else one of Claude's that the person prefers, if somebody serves those."""
    is_open = settings.default_model is None and settings.default_provider is None
    if not is_open or not any(each.kind == "anthropic" for each in found.usable):
        return settings.default_model
    return preferred_model(settings, environ)


def _detected(settings: Settings, environ: Mapping[str, str], resolvers: Resolvers) -> Enablement:
    """Look around from a thread of its own: the host's may be running a loop already."""
    result: list[Enablement] = []
    failure: list[BaseException] = []

    def look() -> None:
        try:
            result.append(trio.run(functools.partial(detect_instances, settings, environ, resolvers=resolvers)))
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits
            failure.append(error)

    thread = threading.Thread(target=look, name="legion-detect")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]
