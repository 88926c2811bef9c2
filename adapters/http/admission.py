"""What the way in which a request came says of it: whose key it showed, what its headers ask for, its place in a trace."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs
from starlette.types import Scope

from ...messages.chat import Escalation, Request
from ...messages.debate import DebateTerms
from ...messages.embedding import EmbedRequest
from ...messages.errors import AccessDeniedError, InvalidRequestError
from ...messages.terms import Terms
from ...messages.tracing import inherited
from ..host.steering import exclusions
from .keyring import Holder

AskedT = TypeVar("AskedT", Request, EmbedRequest)

_OF_EMBEDDINGS: Final = frozenset(field.name for field in attrs.fields(EmbedRequest))

# Where the holder of the shown key stands in the scope of an admitted request.
HOLDER: Final = "legion_llm.holder"

# The field of a request's body in which a client may say what vendors' formats have no words for.
EXTENSION: Final = "legion"

_OURS: Final = b"x-legion-"
_INTENT: Final = b"x-legion-intent-"
_WORD: Final = re.compile(r"[A-Za-z0-9._:/@-]{1,200}")
_IDEMPOTENCY_KEY: Final = re.compile(rb"[\x21-\x7e]{1,255}")
_PRIORITIES: Final = ("critical", "high", "normal", "low")
_YES: Final = ("1", "true", "yes", "on")
_NO: Final = ("0", "false", "no", "off")
_HIGHEST_LEVEL: Final = 3


def admitted(request: AskedT, scope: Scope) -> AskedT:
    """Return the request with what the way it came says of it.

    Who a caller is follows from its key alone, never from what the body says. What only chats know (a priority) is left aside for embeddings.

    Raises:
        InvalidRequestError: A header, or a field of the body's extension, says something that cannot be meant.
        AccessDeniedError: The holder of the key may not ask for this model.
    """
    told = _told_by_headers(scope)
    extension = request.extra.get(EXTENSION) if request.extra else None
    if extension is not None:
        told = {**_told_by_body(extension), **told}
        told["extra"] = {name: value for name, value in request.extra.items() if name != EXTENSION}
    if "escalate" in told:
        told["escalation"] = Escalation(enabled=told.pop("escalate"))
    if not told.keys().isdisjoint(_DEBATE):
        told["debate"] = DebateTerms(enabled=told.pop("debate", None), rounds=told.pop("debate_rounds", None))
    terms = {name: told.pop(name) for name in _TERMS if name in told}
    if terms and isinstance(request, Request):
        told["terms"] = attrs.evolve(request.terms or Terms(), **terms)
    holder: Holder | None = scope.get(HOLDER)
    if holder is not None:
        _bind(told, holder)
        if holder.own_key is not None:
            _bind_guest(request, told, holder)
    if isinstance(request, EmbedRequest):
        told = {name: value for name, value in told.items() if name in _OF_EMBEDDINGS}
    admitted = attrs.evolve(request, **told) if told else request
    if holder is not None and holder.rights.models is not None:
        _check_model(admitted, holder)
    return admitted


def asker_of(scope: Scope) -> str | None:
    """Return the identity of the caller whose key a request has shown, or None where there are no keys."""
    holder: Holder | None = scope.get(HOLDER)
    return None if holder is None else holder.caller.identity


def _bind(told: dict[str, Any], holder: Holder) -> None:
    """Add what always holds for the requests of a holder."""
    told["caller"] = holder.caller
    if holder.rights.intent:
        told["intent"] = {**told.get("intent", {}), **holder.rights.intent}
    if holder.rights.models is not None:
        told["allowed_models"] = holder.rights.models


def _bind_guest(request: Request | EmbedRequest, told: dict[str, Any], holder: Holder) -> None:
    """Send a guest where its key is for, and nowhere else."""
    if isinstance(request, EmbedRequest):
        raise AccessDeniedError("embeddings are made with keys of this gateway alone")
    wanted = told.get("provider") or request.provider
    if wanted not in (None, holder.only):
        raise AccessDeniedError(f"the key that you have shown is for {holder.only} alone, not for {wanted}")
    told["provider"] = holder.only
    told["own_key"] = holder.own_key


def _check_model(request: Request | EmbedRequest, holder: Holder) -> None:
    """Refuse early what is named; what the router chooses is held to the same patterns there."""
    model = request.model
    if model in (None, "", "auto") or is_allowed(model, request.allowed_models):
        return
    allowed = ", ".join(request.allowed_models or ())
    raise AccessDeniedError(f"the key of {holder.caller.identity} may not use model {model!r}; it may use {allowed}")


def is_allowed(model: str, patterns: tuple[str, ...] | None) -> bool:
    """Whether a model's name, as it was asked for, matches one of the patterns; None allows all."""
    return patterns is None or any(fnmatch.fnmatchcase(model, pattern) for pattern in patterns)


# -- what headers say


def _told_by_headers(scope: Scope) -> dict[str, Any]:
    told: dict[str, Any] = {}
    intent: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"traceparent":
            told["trace"] = inherited(value.decode("latin-1"))
        elif name == b"idempotency-key":
            told["idempotency_key"] = _idempotency_key(value)
        elif not name.startswith(_OURS):
            continue
        elif name.startswith(_INTENT):
            key = name[len(_INTENT) :].decode("latin-1")
            intent[key] = _word(value.decode("latin-1"), name.decode("latin-1"))
        elif name in _HEADERS:
            field, read = _HEADERS[name]
            told[field] = read(value.decode("latin-1"), name.decode("latin-1"))
    if intent:
        told["intent"] = intent
    return told


def _idempotency_key(value: bytes) -> str:
    if not _IDEMPOTENCY_KEY.fullmatch(value):
        raise InvalidRequestError("Idempotency-Key must be 1 to 255 visible ASCII characters", param="idempotency_key")
    return value.decode()


def _word(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise InvalidRequestError(
            f"{where} must be a word of at most 200 letters, digits and . _ : / @ -, not {value!r}", param=where
        )
    return value


def _flag(value: Any, where: str) -> bool:
    word = str(value).lower()
    if word not in (*_YES, *_NO):
        raise InvalidRequestError(f"{where} must be true or false, not {value!r}", param=where)
    return word in _YES


def _priority(value: Any, where: str) -> str:
    if value not in _PRIORITIES:
        raise InvalidRequestError(f"{where} must be one of {', '.join(_PRIORITIES)}, not {value!r}", param=where)
    return str(value)


def _level(value: Any, where: str) -> int:
    if str(value) not in [str(level) for level in range(_HIGHEST_LEVEL + 1)]:
        raise InvalidRequestError(f"{where} must be 0 to {_HIGHEST_LEVEL}, not {value!r}", param=where)
    return int(value)


def _count(value: Any, where: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", str(value)):
        raise InvalidRequestError(f"{where} must be a whole number below 1000, not {value!r}", param=where)
    return int(value)


Read = Callable[[Any, str], Any]

_FIELDS: Final[Mapping[str, Read]] = {
    "provider": _word,
    "tier": _word,
    "conversation_id": _word,
    "affinity": _word,
    "priority": _priority,
    "escalate": _flag,
    "compress_level": _level,
    "debate": _flag,
    "debate_rounds": _count,
    "skill": _word,
    "context_strategy": _word,
}
# Those that are terms between the caller and the gateway.
_TERMS: Final = ("skill", "context_strategy")
_DEBATE: Final = ("debate", "debate_rounds")
_HEADERS: Final = {_OURS + name.replace("_", "-").encode(): (name, read) for name, read in _FIELDS.items()}


# -- what the body's extension says


def _told_by_body(extension: Any) -> dict[str, Any]:
    if not isinstance(extension, Mapping):
        raise InvalidRequestError(f"{EXTENSION} must be an object", param=EXTENSION)
    told: dict[str, Any] = {}
    for name, value in extension.items():
        where = f"{EXTENSION}.{name}"
        if name == "intent":
            told["intent"] = _intent(value, where)
        elif name == "exclude":
            told["exclude"] = exclusions(value, where)
        elif name in _FIELDS:
            told[name] = _FIELDS[name](value, where)
        else:
            known = ", ".join(sorted(("intent", "exclude", *_FIELDS)))
            raise InvalidRequestError(f"{where} is unknown; known are {known}", param=where)
    return told


def _intent(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise InvalidRequestError(f"{where} must be an object of words", param=where)
    return {_word(key, where): _word(word, f"{where}.{key}") for key, word in value.items()}
