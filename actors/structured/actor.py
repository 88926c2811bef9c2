"""Asks a model until its answer is data that fits."""

from __future__ import annotations

from ...messages.chat import Response, Usage
from ...messages.errors import InvalidRequestError, LegionError
from ...messages.routing import Infer
from ...messages.structured import Structure, StructuredResult
from ...runtime import Actor, Address, spawned
from .port import Check, SchemaCompiler
from .reading import Reading, corrected, read


class Structurer(Actor[Structure]):
    """Asks inference, reads the answer, and asks again with what was wrong.

    Takes Structure. Tells nobody.
    """

    def __init__(self, compile_schema: SchemaCompiler, *, inference: Address) -> None:
        super().__init__()
        self._compile_schema = compile_schema
        self._inference = inference

    @spawned
    async def on_structure(self, message: Structure) -> StructuredResult:
        """Answer a request; what fails before there is an answer is raised, what fails later is part of the result."""
        shape = message.request.response_format
        if shape is None or shape.schema is None:
            raise InvalidRequestError("a structured request needs a response_format with a schema", param="schema")
        check = self._compile_schema(shape.schema)
        response = await self._inference.ask(Infer(request=message.request))
        return await self._settled(message, check, response)

    async def _settled(self, message: Structure, check: Check, response: Response) -> StructuredResult:
        """Ask again until the answer fits, or the tries are used up."""
        request, usage, attempts = message.request, response.usage, 1
        reading = read(response, check)
        while reading.problem is not None and attempts <= message.max_retries:
            request = corrected(request, response.text, reading.problem, attempts)
            attempts += 1
            try:
                response = await self._inference.ask(Infer(request=request))
            except LegionError as error:
                return _failed(response, reading, error, usage, attempts)
            usage += response.usage
            reading = read(response, check)
        return _result(response, reading, usage, attempts)


def _result(response: Response, reading: Reading, usage: Usage, attempts: int) -> StructuredResult:
    return StructuredResult(
        data=reading.value if reading.fault is None else None,
        raw=response.text,
        model=response.model,
        valid=reading.fault is None,
        retried=attempts > 1,
        attempts=attempts,
        usage=usage,
        fault=reading.fault,
        error=reading.problem,
        response=response,
    )


def _failed(response: Response, reading: Reading, error: LegionError, usage: Usage, attempts: int) -> StructuredResult:
    """Return the answer that did not fit, and why there is no better one."""
    return StructuredResult(
        data=None,
        raw=response.text,
        model=response.model,
        valid=False,
        retried=True,
        attempts=attempts,
        usage=usage,
        fault="transport",
        error=f"{type(error).__name__}: {error} (after an answer that does not fit: {reading.problem})",
        response=None,
    )
