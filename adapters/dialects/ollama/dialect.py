"""Ollama's chat API: the provider's half."""

from __future__ import annotations

from ....messages.catalogue import ModelFacts
from ..speaking import Speaking
from .catalogue import parse_pulled
from .request import render_request
from .response import parse_response
from .stream import OllamaStreamParser
from .words import MODELS_PATH, NAME


class Ollama(Speaking):
    """Implements `ProviderDialect`.

    What is lost on the way, each with a warning: marks for the prompt cache, names of messages, metadata, that a tool failed, strict tools, tool
    choice, budgets for thinking.
    """

    name = NAME
    models_path = MODELS_PATH

    render_request = staticmethod(render_request)
    parse_response = staticmethod(parse_response)
    stream_parser = staticmethod(OllamaStreamParser)

    def parse_models(self, body: bytes) -> tuple[ModelFacts, ...]:
        """See `ProviderDialect`."""
        return tuple([each.facts for each in parse_pulled(body)])
