"""Secrets and references to them: types that cannot be printed by accident."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

import attrs

from .errors import SettingsError

MASK: Final = "***"

_REFERENCE: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<target>.*)", re.DOTALL)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A name that holds one of these words holds a secret. It masks too much rather than too little.
_SECRET_NAME: Final = re.compile(
    r"auth|bearer|cookie|credential|key|passw|secret|session|signature|token", re.IGNORECASE
)


class Secret:
    """A credential in memory.

    It has no text: `str()`, `repr()` and `format()` give "***", and neither pickle nor a JSON library takes it. The value comes out through
    `reveal()` alone, so a search for that word finds every place that handles a bare secret.

    Raises:
        TypeError: The value is not a string.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # a hash would tell equal secrets apart in logs and dumps

    _value: str

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret is a string, not a {type(value).__name__}")
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        """Return the bare value; keep it out of variables that live long, of messages and of logs."""
        return self._value

    def __eq__(self, other: object) -> bool:
        """Compare in constant time; a secret never equals a plain string."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return MASK

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled: send a reference to it instead")


def _bytes(value: str) -> bytes:
    # Environment variables that are not UTF-8 arrive with surrogates.
    return value.encode("utf-8", "surrogatepass")


@attrs.frozen
class SecretRef:
    """Where a credential comes from, not yet looked up.

    Attributes:
        candidates: Entries in the order in which they are tried: plain values, "env://NAME", "vault://path#field". Stripped; nested lists are
            flattened. Empty entries are kept, they resolve to nothing.
    """

    candidates: tuple[Secret, ...] = attrs.field(repr=False)

    @classmethod
    def of(cls, source: object, *, path: str = "") -> SecretRef:
        """Make a reference from a string, a `Secret`, or a list of them.

        Raises:
            SettingsError: It is something else. The message does not show it.
        """
        return source if isinstance(source, SecretRef) else cls(tuple(_flattened(source, path)))

    @property
    def stated(self) -> bool:
        """Whether any entry says something; a blank reference is as good as none."""
        return any(self.candidates)

    @property
    def shown(self) -> str | list[str]:
        """What may be shown: names of environment variables as they are, everything else masked."""
        entries = [_shown(candidate.reveal()) for candidate in self.candidates]
        return entries[0] if len(entries) == 1 else entries

    def __repr__(self) -> str:
        return f"SecretRef({self.shown!r})"


def _flattened(source: object, path: str) -> Iterator[Secret]:
    if isinstance(source, Secret):
        yield Secret(source.reveal().strip())
    elif isinstance(source, str):
        # Made of its characters: the text may be a subclass that remembers where it came from.
        yield Secret("".join(source).strip())
    elif isinstance(source, SecretRef):
        yield from source.candidates
    elif isinstance(source, Sequence) and not isinstance(source, (bytes, bytearray)):
        for entry in source:
            yield from _flattened(entry, path)
    else:
        problem = f"must be text or a list of texts, not {type(source).__name__}"
        raise SettingsError(f"{path}: {problem}" if path else problem, path=path)


def split_reference(text: str) -> tuple[str, str] | None:
    """Return scheme (lower case) and target of "scheme://target", or None for a plain value."""
    match = _REFERENCE.fullmatch(text)
    return (match["scheme"].lower(), match["target"]) if match else None


def is_variable_name(text: str) -> bool:
    """Whether an environment variable can have this name."""
    return _VARIABLE.fullmatch(text) is not None


def _shown(text: str) -> str:
    reference = split_reference(text)
    if reference is None:
        return MASK if text else ""
    scheme, target = reference
    return f"env://{target}" if scheme == "env" and is_variable_name(target) else MASK


def sounds_secret(name: str) -> bool:
    """Whether something of this name (a header, a field) is better not shown."""
    return _SECRET_NAME.search(name) is not None


def masked(value: Any) -> Any:
    """Copy JSON-like data, with "***" for every text or container whose name sounds secret; numbers and flags stay."""
    if isinstance(value, Mapping):
        return {name: _masked_entry(str(name), entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(entry) for entry in value]
    return value


def _masked_entry(name: str, value: Any) -> Any:
    # "max_tokens": 100 is no secret.
    harmless = value is None or isinstance(value, (bool, int, float))
    return MASK if sounds_secret(name) and not harmless else masked(value)
