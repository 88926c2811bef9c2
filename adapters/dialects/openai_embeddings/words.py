"""The dialect's own words."""

from __future__ import annotations

from typing import Final

NAME: Final = "openai.embeddings"
PATH: Final = "/embeddings"

# Kept in `extra` so that the answer has the form that was asked for.
ENCODING: Final = "encoding_format"
