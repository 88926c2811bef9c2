"""The gateway's models, as Ollama's clients read lists of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ....messages.catalogue import Capability
from ....messages.chat import ModelInfo
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import read_client_object, write_json
from ..moments import rfc3339
from .catalogue import CAPABILITIES

# Clients ask for it, to learn whether a server is new enough for tools and thinking: this is the API that is spoken here.
VERSION: Final = "0.13.0"

# Every model of Ollama's has a tag, and clients look for names with one.
LATEST: Final = ":latest"

_UNKNOWN: Final = "unknown"


def render_tags(models: Iterable[ModelInfo]) -> bytes:
    """Return the models that can be asked for."""
    named = {_tagged(model.id): model for model in models}
    return write_json({"models": [_entry(name, model) for name, model in named.items()]})


def render_running(models: Iterable[ModelInfo]) -> bytes:
    """Return the models that are in memory somewhere. Until when, their servers alone know."""
    running = [model for model in models if model.loaded]
    return write_json({"models": [{**_entry(_tagged(model.id), model), **_window(model)} for model in running]})


def render_show(model: ModelInfo) -> bytes:
    """Return the details of one model."""
    family = model.family or _UNKNOWN
    window = {} if model.context_window is None else {f"{family}.context_length": model.context_window}
    return write_json(
        {
            "modelfile": "",
            "parameters": "",
            "template": "",
            "details": _details(model),
            "model_info": {"general.architecture": family, **window},
            "capabilities": _capabilities(model),
            "modified_at": rfc3339(model.created),
        }
    )


def render_version() -> bytes:
    """Return the version of the API that is spoken here."""
    return write_json({"version": VERSION})


def parse_show_request(body: bytes) -> str:
    """Return which model a client asks about; older ones call it "name".

    Raises:
        InvalidRequestError: It says none.
    """
    source = read_client_object(body)
    model = fields.text(source, "model") or fields.text(source, "name")
    if not model:
        raise InvalidRequestError("model is required", param="model")
    return model


def _tagged(name: str) -> str:
    return name if ":" in name else name + LATEST


def _entry(name: str, model: ModelInfo) -> dict[str, Any]:
    # Clients cut the digest to twelve signs, and tell models apart by it.
    digest = hashlib.sha256(f"{model.provider}/{model.id}".encode("utf-8", "replace")).hexdigest()
    return {
        "name": name,
        "model": name,
        "modified_at": rfc3339(model.created),
        "size": model.size_bytes or 0,
        "digest": digest,
        "details": _details(model),
    }


def _details(model: ModelInfo) -> Mapping[str, Any]:
    family = model.family or ""
    return {
        "parent_model": "",
        "format": "",
        "family": family,
        "families": [family] if family else [],
        "parameter_size": "",
        "quantization_level": "",
    }


def _window(model: ModelInfo) -> dict[str, int]:
    return {} if model.context_window is None else {"context_length": model.context_window}


def _capabilities(model: ModelInfo) -> list[str]:
    """Of a model about which nobody knows anything, clients shall think that it answers."""
    known = model.capabilities or (Capability.CHAT,)
    return list(dict.fromkeys([CAPABILITIES[each] for each in known if each in CAPABILITIES]))
