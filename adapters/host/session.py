"""`legion.session()`: a conversation with everything that holds for all its turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...messages.chat import Chunk, Response
from ...messages.conversation import new_conversation_id
from ...messages.errors import InvalidRequestError
from ...runtime import Reply, Stream

if TYPE_CHECKING:
    from .asking import Asking
    from .conversation import ConversationHandle


class Session:
    """A conversation that the gateway remembers. It never changes: `with_...` returns another one, of the same conversation.

    One turn follows the other: ask again when the answer before is there.

    Args:
        legion: Who is asked.
        conversation_id: Its conversation; None begins one.
        parameters: What every turn is asked with, as for `Legion.chat`.

    Attributes:
        id: Of its conversation.
    """

    def __init__(self, legion: Asking, conversation_id: str | None, parameters: Mapping[str, Any]) -> None:
        if "conversation_id" in parameters or "messages" in parameters:
            raise InvalidRequestError(
                "a session keeps its own conversation: ask with one message a turn", param="conversation_id"
            )
        self._legion = legion
        self._parameters = dict(parameters)
        self.id = conversation_id or new_conversation_id()

    def __repr__(self) -> str:
        return f"<Session {self.id}>"

    def ask(self, message: str, **parameters: Any) -> Reply[Response]:
        """Say something and have the answer; parameters are those of `Legion.chat` and hold for this turn."""
        return self._legion.chat(message, **self._asked(parameters))

    def stream(self, message: str, **parameters: Any) -> Stream[Chunk, Response]:
        """Likewise, and read the answer as it comes."""
        return self._legion.stream(message, **self._asked(parameters))

    def with_tools(self, *tools: Any) -> Session:
        """Return the session with tools for the model, beside those it has: definitions, or functions that are run here."""
        had: Iterable[Any] = self._parameters.get("tools") or ()
        return self._with(tools=[*had, *tools])

    def with_instructions(self, text: str) -> Session:
        """Return the session with instructions: the system prompt of every turn."""
        return self._with(system=text)

    def with_parameters(self, **parameters: Any) -> Session:
        """Return the session with other parameters for every turn, as for `Legion.chat` (model=, intent=, temperature=)."""
        return self._with(**parameters)

    def compressed(self, level: int) -> Session:
        """Return the session whose prompts may be shortened: 0 (not at all) to 3."""
        return self._with(compress_level=level)

    def history(self) -> ConversationHandle:
        """Return what was said, to read, to branch, to replace, to delete and to export."""
        return self._legion.conversation(self.id)

    def _with(self, **parameters: Any) -> Session:
        return Session(self._legion, self.id, {**self._parameters, **parameters})

    def _asked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._parameters, **parameters, "conversation_id": self.id}
