"""New settings for a gateway that runs, whoever asks for them: its host, a signal, or an administrator over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ...messages.errors import InvalidRequestError, SystemNotRunning
from ...messages.reload import ReloadReport

if TYPE_CHECKING:
    from ...messages.settings import Settings


class Changer(Protocol):
    """Has the actors of a running system go by other settings."""

    def reload(self, wanted: Settings) -> tuple[Settings, ReloadReport]:
        """Return the settings that hold from now on, and what came of the change.

        Raises:
            SettingsError: They are wrong; those that held still do.
            StartFailed: A connection could not be made; likewise.
        """


class Reloading:
    """The settings of one gateway, now. From any thread that may wait.

    Args:
        settings: With which it starts.
        reread: Reads them anew, from where they came; None: they were given ready-made.
        keys_of: Looks up the keys of an API; returns what puts them in the place of those that held. None: there is no API.

    Attributes:
        settings: The settings that hold.
        keys_of: As given.
    """

    def __init__(
        self,
        settings: Settings,
        reread: Callable[[], Settings] | None = None,
        keys_of: Callable[[Settings], Callable[[], None]] | None = None,
    ) -> None:
        self.settings = settings
        self.keys_of = keys_of
        self._reread = reread
        self._changer: Changer | None = None

    def begin(self, settings: Settings, changer: Changer) -> None:
        """The system runs, with these settings."""
        self.settings = settings
        self._changer = changer

    def reload(self, wanted: Settings | None = None) -> ReloadReport:
        """Have other settings hold; None: what can be read now where they came from. Requests under way go on as they began.

        Raises:
            SettingsError: They are wrong; those that held still do.
            StartFailed: A connection could not be made; likewise.
            InvalidRequestError: They came from nowhere that could be read again.
            SystemNotRunning: It is not ready.
        """
        if self._changer is None:
            raise SystemNotRunning("the gateway has not started, or was made by hand")
        if wanted is None:
            if self._reread is None:
                raise InvalidRequestError("the settings were given ready-made: reload(settings) takes other ones")
            wanted = self._reread()
        self.settings, report = self._changer.reload(wanted)
        return report
