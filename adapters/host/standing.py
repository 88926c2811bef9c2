"""What every part of a running gateway's front stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...runtime import ActorSystem
from ..gateway import ActorGateway
from .desk import Desk
from .reloading import Reloading

if TYPE_CHECKING:
    from ...messages.settings import Settings


class Standing:
    """A running gateway: its actors, its settings, and the desk where host and actors meet.

    Attributes:
        url: Where its HTTP API listens, or None without one.
    """

    def __init__(
        self, system: ActorSystem, settings: Settings, desk: Desk | None = None, reloading: Reloading | None = None
    ) -> None:
        self._reloading = reloading or Reloading(settings)
        self._desk = desk or Desk()
        self.url: str | None = None
        self._system = system
        self.gateway = ActorGateway(system, request_timeout=settings.request_timeout, enabled=settings.enabled)

    @property
    def state(self) -> str:
        """Where it is in its life: ready, draining, stopped or failed."""
        return str(self._system.state)

    @property
    def settings(self) -> Settings:
        """The settings it runs with now; see `reload`."""
        return self._reloading.settings
