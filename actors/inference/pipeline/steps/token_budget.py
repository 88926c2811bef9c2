"""How long the prompt may be."""

from __future__ import annotations

from .....messages.errors import TokenBudgetExceeded
from .....messages.tokens import estimated_input_tokens
from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether the caller has set a limit."""
    terms = flow.request.terms
    return terms is not None and terms.max_input_tokens is not None


def run(flow: Flow) -> None:
    """Refuse a prompt that has grown longer than its caller allows, with all that the steps have put into it.

    Raises:
        TokenBudgetExceeded: It has about so many tokens, and so many are allowed.
    """
    terms = flow.request.terms
    assert terms is not None
    assert terms.max_input_tokens is not None
    estimate = estimated_input_tokens(flow.request)
    if estimate > terms.max_input_tokens:
        flow.note("failure", f"{estimate} tokens, {terms.max_input_tokens} allowed")
        raise TokenBudgetExceeded(
            f"the prompt has about {estimate} tokens, and at most {terms.max_input_tokens} are allowed"
        )
