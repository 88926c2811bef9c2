"""Where the requests of a system find what a host may give and take back while it runs."""

from __future__ import annotations

from .skills.skillset import Skillset
from .tools.toolset import Toolset


class Workshop:
    """The tools and skills there are now.

    Owned by the inference actor, which replaces a set when it hears of another; a request takes the one it finds when it begins to look.

    Attributes:
        tools: The tools.
        skills: The skills; None where there are none.
    """

    __slots__ = ("skills", "tools")

    def __init__(self, skills: Skillset | None = None) -> None:
        self.tools = Toolset()
        self.skills = skills
