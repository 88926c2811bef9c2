"""Where the requests of a system find what a host may give and take back while it runs."""

from __future__ import annotations

from ...messages.hooks import Hook
from .skills.skillset import Skillset
from .tools.toolset import Toolset


class Workshop:
    """The tools, skills and hooks there are now.

    Owned by the inference actor, which replaces a set when it hears of another; a request takes the one it finds when it begins to look.

    Attributes:
        tools: The tools.
        skills: The skills; None where there are none.
        before_hooks: Called with every request, in this order.
        after_hooks: Called with every answer, in this order.
    """

    __slots__ = ("after_hooks", "before_hooks", "skills", "tools")

    def __init__(
        self,
        skills: Skillset | None = None,
        *,
        before_hooks: tuple[Hook, ...] = (),
        after_hooks: tuple[Hook, ...] = (),
    ) -> None:
        self.tools = Toolset()
        self.skills = skills
        self.before_hooks = before_hooks
        self.after_hooks = after_hooks
