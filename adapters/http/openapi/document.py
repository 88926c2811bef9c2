"""The whole document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from .... import __version__
from .operations import OPERATIONS, Operation
from .schemas import SCHEMAS

if TYPE_CHECKING:
    from ..table import Row

_PARAMETER: Final = re.compile(r"{([a-z_]+)(?::[a-z]+)?}")

# What may happen on every route, beside what it is for.
_FAILURES: Final = {
    400: "The request is malformed",
    401: "No key, or an unknown one",
    403: "The key does not allow this",
    404: "There is no such thing",
    405: "Another method is meant",
    408: "The body did not arrive in time",
    409: "It contradicts what there is",
    413: "The body is too large",
    415: "The body is not JSON",
    429: "Too much is asked; Retry-After says when to come back",
    502: "The provider failed",
    503: "Nobody can answer now; Retry-After says when to come back",
    504: "It took too long",
}


def describe(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes; a row without an operation is left out, which a test forbids."""
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        path = plain_path(row.path)
        for method in row.methods:
            operation = OPERATIONS.get((method, path))
            if operation is not None:
                paths.setdefault(path, {})[method.lower()] = _operation(
                    path, operation, is_open=row.access.value == "open"
                )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Legion LLM", "version": __version__, "description": "An LLM router and gateway."},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def plain_path(path: str) -> str:
    """Return a path as OpenAPI writes it: "/v1/models/{id:path}" is "/v1/models/{id}"."""
    return _PARAMETER.sub(r"{\1}", path)


def _operation(path: str, operation: Operation, *, is_open: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [
            *[_parameter(name, "path", required=True) for name in _PARAMETER.findall(path)],
            *[_parameter(name, "query", required=False) for name in operation.query],
        ],
        "responses": _responses(operation),
        "security": [] if is_open else [{"bearer": []}, {"key": []}, {}],
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    return described


def _parameter(name: str, where: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": {"type": "string", "minLength": 1}}


def _responses(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if operation.streams:
        content[operation.framing] = {"schema": {"type": "string"}}
    good = {"description": HTTPStatus(operation.status).phrase, "content": content}
    failures = {str(status): _failure(text) for status, text in _FAILURES.items()}
    return {str(operation.status): good, **failures}


def _failure(text: str) -> dict[str, Any]:
    return {"description": text, "content": _content("Error")}


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
