"""What is asked, once aliases are replaced and the default intent is laid under the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ...messages.routing import Route
from .policy import Policy

# What a client writes when it leaves the choice to us.
AUTOMATIC: Final = frozenset({None, "", "auto"})

_PRIVACY: Final = "privacy"
_STRICT: Final = "strict"


@attrs.frozen
class Question:
    """A route to be decided.

    Attributes:
        route: As asked, an alias replaced by what it stands for.
        intent: What matters.
    """

    route: Route
    intent: Mapping[str, str]

    @property
    def names_target(self) -> bool:
        """Whether the caller chose a provider, a tier or a model."""
        route = self.route
        return not (route.model in AUTOMATIC and route.provider in AUTOMATIC and route.tier in AUTOMATIC)

    @property
    def is_strict(self) -> bool:
        """Whether the request must not leave the user's own machines."""
        return self.intent.get(_PRIVACY) == _STRICT

    @property
    def is_thrifty(self) -> bool:
        """Whether cost is what matters."""
        return self.intent.get("cost") == "minimize"


def asked(route: Route, policy: Policy) -> Question:
    """Return the question."""
    alias = policy.aliases.get(route.model) if route.model is not None and policy.aliases else None
    if alias is None:
        return Question(route, {**policy.intent, **route.intent} if route.intent else policy.intent)
    intent = {**alias.intent, **route.intent}
    if alias.intent.get(_PRIVACY) == _STRICT:
        intent[_PRIVACY] = _STRICT  # what an alias promises to keep in the house, no caller lets out
    named = attrs.evolve(
        route,
        model=alias.model,
        provider=alias.provider if route.provider in AUTOMATIC else route.provider,
        tier=alias.tier if route.tier in AUTOMATIC else route.tier,
        intent=intent,
    )
    return Question(named, {**policy.intent, **intent})
