"""Where an attempt goes."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Target:
    """Where an attempt goes. Two are equal when instance, model and tier are.

    Attributes:
        instance: Name of the provider instance ("openai/eu"), which is also its connection's name.
        tier: local, fleet, openai_compat, cloud or frontier.
        rule: Name of the rule that sends the request there, or None.
        compress_level: How much that rule allows the prompt to be shortened, 0 to 3, or None where it says nothing.
        context_window: Tokens of prompt and answer together, or None when unknown.
        continues: Whether it is declared to go on with an answer that another target began: it takes a partial assistant message at the end.
    """

    instance: str
    model: str
    tier: str
    rule: str | None = attrs.field(default=None, eq=False)
    compress_level: int | None = attrs.field(default=None, eq=False)
    context_window: int | None = attrs.field(default=None, eq=False)
    continues: bool = attrs.field(default=False, eq=False)

    def __str__(self) -> str:
        """Return "instance/model", as chains and logs show it."""
        return f"{self.instance}/{self.model}"

    @property
    def key(self) -> tuple[str, str]:
        """What makes it this target and no other: instance and model."""
        return self.instance, self.model
