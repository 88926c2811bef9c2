"""What a call may spend: reserved before it is made, settled when it has ended, by whatever way. Only calls that a budget counts are told to it."""

from __future__ import annotations

import collections
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

import attrs

from ...messages.budget import Reserve, Spent
from ...messages.chat import Response, Usage, new_id
from ...messages.embedding import EmbedAnswer, EmbedCall
from ...messages.errors import (
    LegionError,
    ProviderReset,
    ProviderSilent,
    RefusedError,
    StreamBrokenError,
    UpstreamError,
)
from ...messages.routing import Call, StreamCall
from ...runtime import Address
from .size import input_tokens, most_output_tokens

AnswerT = TypeVar("AnswerT", Response, EmbedAnswer)

# Ends of which the provider may know more than we do: it may have read the prompt, and written.
_UNSEEN_USE: Final = (ProviderReset, ProviderSilent, StreamBrokenError)

# Settlements that may wait for room in a mailbox.
_MOST_UNTOLD: Final = 10_000


class Purse:
    """Pays the calls of one instance.

    Args:
        budgets: Who decides.
        covers: Whether any budget counts the calls of a caller to an instance.
    """

    def __init__(self, budgets: Address, covers: Callable[[str | None, str], bool]) -> None:
        self._budgets = budgets
        self._covers = covers
        self._untold: collections.deque[Spent] = collections.deque(maxlen=_MOST_UNTOLD)

    async def pay(self, message: Call | StreamCall | EmbedCall) -> Payment:
        """Reserve what a call may use; the payment is to be held by a `with` block around it.

        Raises:
            BudgetExceeded: A budget has not so much left.
        """
        request, target = message.request, message.target
        if not self._covers(request.caller.identity, target.instance):
            return UNPAID
        wish = Reserve(
            id=new_id("res_"),
            target=target,
            caller=request.caller.identity,
            conversation_id=None if isinstance(message, EmbedCall) else message.request.conversation_id,
            input_tokens=input_tokens(message),
            output_tokens=most_output_tokens(message),
        )
        try:
            warnings = await self._budgets.ask(wish)
        except BaseException as error:
            # Whoever gives up while it waits does not know whether something was reserved.
            if not isinstance(error, RefusedError):
                self.tell(Spent(id=wish.id))
            raise
        return Payment(self, wish.id, warnings)

    def tell(self, spent: Spent) -> None:
        """Tell what a call used; where the mailbox is full, with the next one, for a reservation must not stay for ever."""
        self._untold.append(spent)
        while self._untold:
            try:
                self._budgets.tell(self._untold[0])
            except LegionError:
                return
            self._untold.popleft()


class Payment:
    """What one call has reserved. Unless it is settled, it is given back where the call used nothing, and counts as estimated where nobody knows.

    Args:
        purse: Who hears of the end; None: nobody, for nothing was reserved.
        id_: Of the reservation.
        warnings: What the caller should know: budgets that are nearly used up.

    Attributes:
        is_sent: Whether the provider was called.
    """

    __slots__ = ("_id", "_purse", "_usage", "_warnings", "is_sent")

    def __init__(self, purse: Purse | None = None, id_: str = "", warnings: tuple[str, ...] = ()) -> None:
        self._purse = purse
        self._id = id_
        self._usage: Usage | None = None
        self._warnings = warnings
        self.is_sent = False

    def settled(self, answer: AnswerT) -> AnswerT:
        """Count what an answer really used, the estimate where its provider did not say; return it with what its caller should know."""
        usage = answer.usage
        if usage.source != "partial" or usage.total_tokens:
            self._usage = usage
        return attrs.evolve(answer, warnings=(*answer.warnings, *self._warnings)) if self._warnings else answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._purse is not None:
            is_free = isinstance(error, (RefusedError, UpstreamError)) and not isinstance(error, _UNSEEN_USE)
            is_unknown = self.is_sent and self._usage is None and not is_free
            self._purse.tell(Spent(id=self._id, usage=self._usage, is_unknown=is_unknown))


# Where no budget is set, or none counts the call.
UNPAID: Final = Payment()
