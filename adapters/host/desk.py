"""What the facade and the actors behind it have in common: the one puts down what the others take up, and the other way about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ...messages.errors import SystemNotRunning
from .notices import NoticeBoard
from .signals import HostSignals

if TYPE_CHECKING:
    from .bound import BoundHost


@attrs.frozen(kw_only=True)
class Desk:
    """The places where a host and its actors meet without asking each other.

    Attributes:
        signals: The host's signal handlers.
        board: Lines for people.
        host: What the host brings along, its tools among it; None: nothing.
    """

    signals: HostSignals = attrs.field(factory=HostSignals)
    board: NoticeBoard = attrs.field(factory=NoticeBoard)
    host: BoundHost | None = None

    @property
    def bound(self) -> BoundHost:
        """What the host brings along.

        Raises:
            SystemNotRunning: The system was made by hand, and nobody brought anything.
        """
        if self.host is None:
            raise SystemNotRunning("there is nobody here to run tools and skills")
        return self.host
