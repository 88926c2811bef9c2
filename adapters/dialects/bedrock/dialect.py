"""Bedrock's Converse API: the provider's half alone."""

from __future__ import annotations

from ..speaking import Speaking
from .catalogue import parse_models
from .request_rendering import render_count_call, render_request
from .response import parse_count_answer, parse_response
from .stream_parsing import ConverseStreamParser
from .words import MODELS_PATH, NAME


class Bedrock(Speaking):
    """Implements `ProviderDialect` and `CountingDialect`.

    What is lost on the way, each with a warning: seed and penalties, a temperature above 1, json_object, names of messages, metadata, a limit of one
    tool call a turn, reasoning of other models; marks for the prompt cache where a model takes none.
    """

    name = NAME
    models_path = MODELS_PATH

    render_request = staticmethod(render_request)
    parse_response = staticmethod(parse_response)
    stream_parser = staticmethod(ConverseStreamParser)
    parse_models = staticmethod(parse_models)
    render_count_call = staticmethod(render_count_call)
    parse_count_answer = staticmethod(parse_count_answer)
