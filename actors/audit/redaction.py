"""Masks what must not be written down: keys, tokens and the like, wherever they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from ...messages.secret import MASK

# Each is told by its own form, and none can be read in more than one way, so that a long text takes no longer than its length.
_SECRETS: Final = (
    r"\bsk-[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic and their kin
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS
    r"\bAIza[A-Za-z0-9_-]{35}",  # Google
    r"\bgh[pousr]_[A-Za-z0-9]{36,}",  # GitHub
    r"\bgithub_pat_[A-Za-z0-9_]{22,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"\bxox[abprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"\bhf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",  # JSON Web Tokens
    r"(?<=://)[^\s/:@]{1,256}:[^\s/@]{1,256}(?=@)",  # the user and password of a URL
    r"(?i:(?<=bearer )[A-Za-z0-9._~+/=-]{16,})",
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?",
)


class Redactor:
    """Masks secrets.

    Args:
        patterns: Regular expressions of what else must be masked.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._pattern = re.compile("|".join([*_SECRETS, *(f"(?:{pattern})" for pattern in patterns)]))

    def text(self, text: str) -> str:
        """Return the text with its secrets masked."""
        return self._pattern.sub(MASK, text) if text else ""

    def plain(self, value: Any) -> Any:
        """Return plain data with the secrets in its texts masked; whatever is of another type is replaced by its type's name."""
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {str(key): self.plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(item) for item in value]
        return f"<{type(value).__name__}>"
