"""What an exchange may cost, before it is made."""

from __future__ import annotations

from collections.abc import Callable

from ....messages.chat import Request
from ....messages.prices import PriceBook
from ....messages.routing import Target
from ....messages.tokens import estimated_input_tokens


def too_dear(request: Request, most: float, prices: PriceBook | None) -> Callable[[Target], str | None]:
    """Return what tells whether a target would cost more than `most` USD.

    The answer counts with the tokens that the request allows it, or, where it states none, with as many as the prompt has. A price that nobody
    knows is too high: whoever sets a limit wants it kept.
    """
    prompt = estimated_input_tokens(request)
    answer = request.generation.max_tokens or prompt

    def objection(target: Target) -> str | None:
        price = None if prices is None else prices.price_of(target.instance, target.model)
        if price is None:
            return f"nobody knows its price, and the request may cost at most {most:g} USD"
        estimate = price.estimate(prompt, answer)
        return (
            None
            if estimate <= most
            else f"it would cost about {estimate:.6f} USD, and at most {most:g} USD are allowed"
        )

    return objection
