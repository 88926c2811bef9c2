"""The port through which answers are checked against a JSON Schema."""

from __future__ import annotations

from typing import Any, Protocol


class Check(Protocol):
    """A schema, ready to be checked against."""

    def __call__(self, value: Any, /) -> str | None:
        """Return what is wrong with a value, in words that a model can mend it by; None where it fits."""


class SchemaCompiler(Protocol):
    """Knows JSON Schema."""

    def __call__(self, schema: Any, /) -> Check:
        """Return the check for a schema.

        Raises:
            InvalidRequestError: It is no JSON Schema, or refers to something outside of itself.
        """
