"""Makes the actor that asks until an answer is data that fits."""

from __future__ import annotations

from ...actors.structured.actor import Structurer
from ...runtime import ActorSystem
from ..schemas.compiler import JsonSchemaCompiler


def structurer(system: ActorSystem) -> Structurer:
    """Return the actor that asks until an answer is data that fits."""
    return Structurer(JsonSchemaCompiler(), inference=system.address("inference"))
