"""Errors as a person at a terminal wants them: what is wrong, what to do, and an exit code for scripts."""

from __future__ import annotations

from typing import IO, Any, Final

import click

from ...messages import errors

_USABLE: Final = "`legion-llm config check` shows which providers can be used"

# The nearest class of an error counts, as in the table of HTTP statuses.
HINTS: Final[dict[type[errors.LegionError], str]] = {
    errors.SettingsError: "correct it, then see what is in force with `legion-llm config check`",
    errors.UnknownModelError: _USABLE,
    errors.UnknownProviderError: _USABLE,
    errors.NoRouteError: f"{_USABLE}; setting OPENAI_API_KEY or starting Ollama is enough for one",
    errors.AuthError: "check the API key of that provider",
    errors.AccountError: "check credit and quota of that account",
    errors.RateLimitError: "wait a little, then try again",
    errors.ProviderDown: "check that its server runs and that its base_url is right",
    errors.ProviderSilent: "try again, or raise `timeouts` of that provider",
    errors.EscalationExhausted: _USABLE,
    errors.StoreVersionError: "update this program; nothing was changed in the file",
    errors.StoreCorrupt: "put a backup in its place, or move it away to begin anew",
    errors.DeadlineExceeded: "try again, or raise the setting request_timeout",
}


class Complaint(click.ClickException):
    """An error of ours at the end of a command; exit code 1."""

    def __init__(self, error: errors.LegionError) -> None:
        super().__init__(str(error))
        self._hint = hint_for(error)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print one line per thing that is wrong, the hint behind the last."""
        *others, last = self.message.splitlines() or [""]
        for line in others:
            click.echo(f"error: {line}", file=file, err=True)
        click.echo(f"error: {last} ({self._hint})" if self._hint else f"error: {last}", file=file, err=True)


class SettingsComplaint(Complaint):
    """Wrong settings; exit code 2, as for wrong usage."""

    exit_code = 2


def complaint_of(error: errors.LegionError) -> Complaint:
    """Return what to tell about an error."""
    root = root_of(error)
    return SettingsComplaint(root) if isinstance(root, errors.SettingsError) else Complaint(root)


def root_of(error: errors.LegionError) -> errors.LegionError:
    """Return what kept the system from starting, for an error that only says that it did not start."""
    while isinstance(error, errors.StartFailed) and isinstance(error.__cause__, errors.LegionError):
        error = error.__cause__
    return error


def hint_for(error: errors.LegionError) -> str | None:
    """Return what to do about an error, or None where its text says so already."""
    return next((HINTS[cls] for cls in type(error).__mro__ if cls in HINTS), None)


class ComplainingGroup(click.Group):
    """A group of commands whose errors of ours become complaints."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except errors.LegionError as error:
            raise complaint_of(error) from error
