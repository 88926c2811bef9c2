"""`legion.prompt`: what hosts ask models for again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ...messages.chat import ChatMessage, Response
from ...messages.decision import Decision
from ...messages.errors import InvalidRequestError, ProviderError
from ...messages.structured import StructuredResult
from ...runtime import Reply
from .followed import followed

if TYPE_CHECKING:
    from .asking import Asking

_SUMMARIZE: Final = (
    "Summarize the conversation below concisely. Keep every key point, decision, name and number; add nothing.\n\n"
)
_EXTRACT: Final = "Extract the data that the schema describes from the text below. Take only what the text says.\n\n"
_DECIDE: Final = "Choose exactly one of the numbered options, and say why in one or two sentences.\n\n"
_FEWEST: Final = 2


class Prompts:
    """Asks with prompts of our own. Parameters not named here are those of `Legion.chat`; each method raises what that raises.

    Args:
        legion: Who is asked.
    """

    def __init__(self, legion: Asking) -> None:
        self._legion = legion

    def dispatch(self, message: str, **parameters: Any) -> Reply[Response]:
        """Ask whoever suits best: the router decides, by the request's intent and the rules."""
        return self._legion.chat(message, **parameters)

    def request(
        self, message: str, *, provider: str | None = None, model: str | None = None, **parameters: Any
    ) -> Reply[Response]:
        """Ask one provider or model, and nobody else decides.

        Raises:
            InvalidRequestError: Neither is named, here or as the settings' default.
        """
        if provider is None and model is None:
            settings = self._legion.settings
            provider, model = settings.default_provider, settings.default_model
        if provider is None and model is None:
            raise InvalidRequestError(
                "name a provider or a model, or set default_provider or default_model", param="model"
            )
        return self._legion.chat(message, provider=provider, model=model, **parameters)

    def summarize(
        self, messages: str | Iterable[ChatMessage | Mapping[str, Any]], **parameters: Any
    ) -> Reply[Response]:
        """Have a text or a conversation summarized; no tools are offered unless `tools` says so."""
        return self._legion.chat(_SUMMARIZE + _as_text(messages), **{"tools": [], **parameters})

    def extract(self, text: str, schema: Any, **parameters: Any) -> Reply[StructuredResult]:
        """Have data read out of a text; schema and answer are those of `Legion.structured`. No tools are offered unless `tools` says so."""
        return self._legion.structured(_EXTRACT + text, schema, **{"tools": [], **parameters})

    def decide(self, question: str, options: Sequence[str], **parameters: Any) -> Reply[Decision]:
        """Have one of several options chosen.

        Args:
            question: What is to be decided.
            options: Two or more.
            **parameters: As for `Legion.structured`.

        Returns:
            A future of the choice, whose index is one of the options'. It raises `ProviderError` where the model has not managed to
            choose one.

        Raises:
            InvalidRequestError: There are fewer than two options, or one that is no text.
        """
        choices = [options] if isinstance(options, str) else list(options)
        if len(choices) < _FEWEST or not all(isinstance(choice, str) for choice in choices):
            raise InvalidRequestError(f"give at least {_FEWEST} options, each a text", param="options")
        numbered = "\n".join(f"{number}. {choice}" for number, choice in enumerate(choices, 1))
        asked = self._legion.structured(
            f"{_DECIDE}{question}\n\n{numbered}", _choice_of(len(choices)), **{"tools": [], **parameters}
        )
        return followed(asked, lambda result: _decision(result, choices))


def _choice_of(count: int) -> dict[str, Any]:
    """Return the schema of an answer that chooses one of so many options, numbered from 1."""
    return {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "choice": {"type": "integer", "enum": list(range(1, count + 1))}},
        "required": ["reason", "choice"],
        "additionalProperties": False,
    }


def _decision(result: StructuredResult, options: Sequence[str]) -> Decision:
    if not result.valid:
        raise ProviderError(f"no option was chosen in {result.attempts} answers: {result.error}", model=result.model)
    data: Any = result.data
    index = data["choice"] - 1
    return Decision(index=index, option=options[index], reason=data["reason"], result=result)


def _as_text(messages: str | Iterable[ChatMessage | Mapping[str, Any]]) -> str:
    """Return a conversation as a text in which everybody's words stand behind their role."""
    if isinstance(messages, str):
        return messages
    from ..dialects.openai_chat import parse_message  # noqa: PLC0415 - only for hosts that pass conversations

    read = [
        message if isinstance(message, ChatMessage) else parse_message(message, f"messages.{number}")
        for number, message in enumerate(messages)
    ]
    if not read:
        raise InvalidRequestError("messages must not be empty", param="messages")
    return "\n".join(f"[{message.role}] {message.text}" for message in read)
