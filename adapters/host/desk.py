"""What the facade and the actors behind it have in common: the one puts down what the others take up, and the other way about."""

from __future__ import annotations

import attrs

from .notices import NoticeBoard
from .signals import HostSignals


@attrs.frozen(kw_only=True)
class Desk:
    """The places where a host and its actors meet without asking each other.

    Attributes:
        signals: The host's signal handlers.
        board: Lines for people.
    """

    signals: HostSignals = attrs.field(factory=HostSignals)
    board: NoticeBoard = attrs.field(factory=NoticeBoard)
