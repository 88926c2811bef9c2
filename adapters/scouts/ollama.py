"""The scout of an Ollama server: a list, what is in memory, and a question for each model, which is asked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import trio

from ...messages.catalogue import ModelFacts
from ...messages.credentials import Credential
from ...messages.errors import LegionError
from ..dialects.ollama.catalogue import (
    LOADED_PATH,
    SHOW_PATH,
    Details,
    Pulled,
    parse_details,
    parse_loaded,
    parse_pulled,
    render_show,
    with_details,
    with_memory,
)
from .inquiry import Inquiry

# Questions for details under way at once: the server is somebody's desktop, and busy with better things.
_AT_ONCE: Final = 4


class OllamaScout:
    """Reads what was pulled. The details of a model come as they can be had: what is not answered in time is asked for again at the next look.

    Args:
        inquiry: Asks the server; belongs to the scout from now on.
        patience: Seconds that details may take on top of the list (above 0).
    """

    def __init__(self, inquiry: Inquiry, *, patience: float) -> None:
        self._inquiry = inquiry
        self._patience = patience
        # By digest: a model that is pulled anew may be another one under the old name.
        self._details: dict[str, Details] = {}

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; see the port."""
        return self._inquiry.endpoint.lacks_credential

    def use(self, credential: Credential) -> None:
        """Show this credential from now on; see the port."""
        self._inquiry.endpoint.use(credential)

    async def look(self) -> tuple[ModelFacts, ...]:
        """Return the models; see the port."""
        pulled = await self._inquiry.get(self._inquiry.dialect.models_path, parse_pulled)
        self._details = {each.digest: self._details[each.digest] for each in pulled if each.digest in self._details}
        loaded: Mapping[str, int | None] | None = None
        with trio.move_on_after(self._patience):
            loaded = await self._loaded()
            await self._learn([each for each in pulled if each.digest not in self._details])
        return tuple([self._told(each, loaded) for each in pulled])

    async def aclose(self) -> None:
        """Close idle connections; see the port."""
        await self._inquiry.aclose()

    async def _loaded(self) -> Mapping[str, int | None] | None:
        try:
            return await self._inquiry.get(LOADED_PATH, parse_loaded)
        except LegionError:
            return None  # old servers do not tell

    async def _learn(self, unknown: Sequence[Pulled]) -> None:
        remaining = iter(unknown)

        async def ask() -> None:
            for each in remaining:
                try:
                    details = await self._inquiry.post(SHOW_PATH, render_show(each.facts.name), parse_details)
                except LegionError:
                    continue  # a model that was just deleted, an old server: the list stands without
                self._details[each.digest] = details

        async with trio.open_nursery() as nursery:
            for _ in range(min(_AT_ONCE, len(unknown))):
                nursery.start_soon(ask)

    def _told(self, pulled: Pulled, loaded: Mapping[str, int | None] | None) -> ModelFacts:
        details = self._details.get(pulled.digest)
        facts = pulled.facts if details is None else with_details(pulled.facts, details)
        return facts if loaded is None else with_memory(facts, loaded)
