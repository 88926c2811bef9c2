"""Mid-stream rescue: another target goes on with a stream that broke off after its first content, where that can be done honestly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from ....messages.cause import Cause
from ....messages.chat import ChatMessage, Request, Response
from ....messages.content import ContentBlock, TextBlock, ThinkingBlock
from ....messages.errors import LegionError
from ....messages.routing import StreamCall
from ....messages.target import Target
from ....messages.tokens import estimated_text_tokens
from ....runtime import Address
from .seam import Seam, Way
from .shown import Recorder

# What breaks an answer off. A content filter that steps in is no accident, and nobody else is asked behind its back.
BREAKS: Final = frozenset({Cause.RESET, Cause.FAILED, Cause.DOWN, Cause.SILENT, Cause.THROTTLED, Cause.INTERNAL})
# What does not speak against asking the next one, when a rescuer fails.
_NEXT_PLEASE: Final = frozenset(Cause) - {Cause.FINAL, Cause.REFUSED}


class Rescue:
    """The rescue of one request's stream.

    Attributes:
        way: How the answer went on, once somebody has gone on with it.
    """

    __slots__ = ("_connection", "_is_judged", "_out", "_request", "_seam", "way")

    def __init__(
        self, request: Request, out: Recorder, connection: Callable[[str], Address], *, is_judged: bool
    ) -> None:
        self._request = request
        self._out = out
        self._connection = connection
        self._is_judged = is_judged
        self._seam: Seam | None = None
        self.way: Way | None = None

    def may_follow(self, cause: Cause) -> bool:
        """Whether somebody else may go on after an attempt that ended like this."""
        if not self._out.shown.is_open:
            return False
        if self._seam is None:
            return cause in BREAKS
        return self._seam.differs or cause in _NEXT_PLEASE

    def in_order(self, left: Sequence[Target]) -> tuple[Target, ...]:
        """Return the candidates, those first that can go on with the text itself: what a fresh answer begins with is a matter of luck."""
        return tuple(sorted(left, key=lambda target: not target.continues))

    async def attempt(self, target: Target, number: int, before: int) -> Response:
        """Have `target` go on; the caller gets what it has not seen, and the whole is returned.

        Raises:
            LegionError: It did not. What it has added by then has been seen, too.
        """
        said = self._out.shown.text
        seam = self._seam = Seam(self._out, continues=target.continues)
        call = StreamCall(
            request=continued(self._request, said) if target.continues else self._request,
            target=target,
            attempt=number,
            judged=self._is_judged,
            repeated=before > 0,
        )
        try:
            response = await self._connection(target.instance).ask(call, sink=seam)
            await seam.finish()
        except LegionError:
            if len(self._out.shown.text) > len(said):
                self._went_on(seam)
            raise
        self._went_on(seam)
        return merged(response, self._out.shown.text, f"{target} went on after {len(said)} characters", self.way)

    def _went_on(self, seam: Seam) -> None:
        """A rescuer that breaks off may be rescued in turn; once a text was gone on with, it is no longer one target's answer."""
        self.way = "continued" if self.way == "continued" else seam.way


def continued(request: Request, said: str) -> Request:
    """Return the request with the text so far as the beginning of the answer, and as much less to be said."""
    partial = ChatMessage(role="assistant", content=said.rstrip())
    generation = request.generation
    if generation.max_tokens is not None:
        spent = estimated_text_tokens(Request(messages=(partial,)))
        generation = attrs.evolve(generation, max_tokens=max(1, generation.max_tokens - spent))
    return attrs.evolve(request, messages=(*request.messages, partial), generation=generation, continues=True)


def merged(response: Response, text: str, what: str, way: Way | None) -> Response:
    """Return the answer as the caller has seen it: the text of all targets, and what else the last one said."""
    rest = [block for block in response.message.blocks if not isinstance(block, ThinkingBlock)]
    first = next((number for number, block in enumerate(rest) if isinstance(block, TextBlock)), None)
    if first is not None:
        del rest[first]
    content: tuple[ContentBlock, ...] = (TextBlock(text=text), *rest)
    # The tokens of what was said before the break were not reported.
    usage = response.usage if way == "joined" else attrs.evolve(response.usage, source="partial")
    warning = f"stream_rescue: the stream broke off; {what}"
    return attrs.evolve(
        response,
        message=attrs.evolve(response.message, content=content),
        usage=usage,
        warnings=(*response.warnings, warning),
    )
