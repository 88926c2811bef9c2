"""Who speaks in a debate, and for how long."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ....messages.debate import DebateTerms
from ....messages.settings import DebateSettings


@attrs.frozen
class Roles:
    """The models of a debate, each "instance/model"."""

    advocate: str
    challenger: str
    judge: str


def roles_of(settings: DebateSettings, found: Iterable[str]) -> Roles | None:
    """Return who speaks: whom the settings name, and for the rest those found, each once before one comes twice.

    Args:
        settings: Who is named.
        found: Models that the request might go to, "instance/model"; the one that answered first.

    Returns:
        None where there are fewer than two models.
    """
    named = [
        None if name is None else target_name(name)
        for name in (settings.advocate_model, settings.challenger_model, settings.judge_model)
    ]
    pool = list(dict.fromkeys([*found, *filter(None, named)]))
    rest = [each for each in pool if each not in named] or pool
    chosen: list[str] = []
    for name in named:
        chosen.append(name or rest[0])
        if name is None:
            rest = [*rest[1:], *rest[:1]]
            # Whoever has spoken least recently comes next; with two models the judge is the advocate's again.
            rest.sort(key=chosen.count)
    roles = Roles(*chosen)
    return roles if roles.advocate != roles.challenger else None


def target_name(model: str) -> str:
    """Return "provider:model" as "provider/model"; what has a slash before its colon is left as it is."""
    provider, colon, rest = model.partition(":")
    return f"{provider}/{rest}" if colon and "/" not in provider else model


def rounds_of(terms: DebateTerms | None, settings: DebateSettings) -> int:
    """Return how many rounds are held, at least 1."""
    wanted = None if terms is None else terms.rounds
    return min(max(settings.default_rounds if wanted is None else wanted, 1), settings.max_rounds)
