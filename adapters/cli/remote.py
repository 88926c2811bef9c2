"""Asking a gateway that runs in another process, over its HTTP API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import click
import httpx

_TIMEOUT: Final = 10.0


def explained_there(
    url: str, key: str | None, message: str, asked: Mapping[str, Any], *, as_json: bool
) -> tuple[str, bool]:
    """Return what the gateway at `url` says of a route, as JSON or as tables, and whether there is none.

    Raises:
        ClickException: It cannot be reached, or refuses the question.
    """
    headers = {"accept": "application/json" if as_json else "text/plain"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/api/llm/route", json=_body(message, asked), headers=headers, timeout=_TIMEOUT
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(f"{url}: {str(error) or type(error).__name__}") from error
    if not answer.is_success:
        raise click.ClickException(f"{url}: {_refusal(answer)}")
    text = json.dumps(answer.json()["data"], indent=2, ensure_ascii=False) if as_json else answer.text.rstrip()
    return text, answer.headers.get("x-legion-strategy") == "none"


def _body(message: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    extension = {name: asked[name] for name in ("intent", "exclude") if asked[name]}
    stated = {name: value for name, value in asked.items() if name not in ("intent", "exclude") and value}
    return {
        **stated,
        **({"messages": [{"role": "user", "content": message}]} if message else {}),
        **({"legion": extension} if extension else {}),
    }


def _refusal(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return f"answered with status {answer.status_code}: is that a gateway of this kind?"
