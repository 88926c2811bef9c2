"""What is known about each provider family, and how a base URL becomes the root of its API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import SplitResult, urlsplit

import attrs

from .checks import fault

Kind: TypeAlias = Literal[
    "openai",
    "anthropic",
    "gemini",
    "azure",
    "bedrock",
    "openai_compat",
    "vllm",
    "mlx",
    "ollama",
    "plugin",
    "fleet",
    "demo",
]
Tier: TypeAlias = Literal["local", "fleet", "openai_compat", "cloud", "frontier"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@attrs.frozen(kw_only=True)
class Family:
    """What all providers of one kind share unless a setting says otherwise.

    Attributes:
        tier: Where its models run.
        speaks_http: False for a model inside this process, and for the fleet: they have no base URL.
        base_url: Where the vendor listens, or None when there is no usual place: then the setting is required.
        has_regions: Its address follows from a region unless a setting states one.
        default_model: Model asked for when nobody names one, or None when there is no usual one.
        needs_key: Without a credential the provider is never used.
        key_variables: Environment variables that may hold the credential, first one first.
        is_openai_like: Whether OpenAI's APIs are spoken there.
        is_foreign: Whether a plug-in speaks to it, which knows where that is.
    """

    tier: Tier
    speaks_http: bool = True
    base_url: str | None = None
    has_regions: bool = False
    default_model: str | None = None
    needs_key: bool = False
    key_variables: tuple[str, ...] = ()
    is_openai_like: bool = False
    is_foreign: bool = False


FAMILIES: Final[Mapping[Kind, Family]] = {
    "openai": Family(
        tier="frontier",
        base_url="https://api.openai.com/v1",
        default_model="gpt-4o",
        needs_key=True,
        key_variables=("OPENAI_API_KEY", "CODEX_API_KEY"),
        is_openai_like=True,
    ),
    "anthropic": Family(
        tier="frontier",
        base_url="https://api.anthropic.com/v1",
        default_model="claude-sonnet-4-6",
        needs_key=True,
        key_variables=("ANTHROPIC_API_KEY",),
    ),
    "gemini": Family(
        tier="cloud",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        default_model="gemini-2.0-flash",
        needs_key=True,
        key_variables=("GEMINI_API_KEY",),
    ),
    # A resource has an address of its own, and calls its deployments what it likes.
    "azure": Family(
        tier="cloud",
        needs_key=True,
        key_variables=("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"),
        is_openai_like=True,
    ),
    # Its credentials are a matter of their own: a bearer token, or a pair of keys.
    "bedrock": Family(tier="cloud", has_regions=True, default_model="us.anthropic.claude-sonnet-4-6", needs_key=True),
    "openai_compat": Family(tier="openai_compat", is_openai_like=True),
    "vllm": Family(
        tier="fleet",
        base_url="http://localhost:8000/v1",
        default_model="qwen3.6-27b",
        key_variables=("VLLM_API_KEY",),
        is_openai_like=True,
    ),
    "mlx": Family(
        tier="local", base_url="http://localhost:8080/v1", key_variables=("MLX_API_KEY",), is_openai_like=True
    ),
    "ollama": Family(tier="local", base_url="http://localhost:11434", default_model="qwen3.5:latest"),
    # Nobody here knows where its models run, so it counts as outside until the settings name another tier.
    "plugin": Family(tier="openai_compat", is_foreign=True),
    # Workers on other machines; where they are met, the section `fleet` says.
    "fleet": Family(tier="fleet", speaks_http=False),
    "demo": Family(tier="local", speaks_http=False, default_model="demo"),
}

_VERSION: Final = re.compile(r"v\d+[a-z0-9]*")
_UNSPEAKABLE: Final = re.compile(r"[\x00-\x20\x7f\\]")


def api_root(base_url: str, kind: Kind, *, path: str = "base_url") -> str:
    """Return the URL, without a slash at its end, to which the paths of the API are appended.

    OpenAI-like APIs ("/chat/completions" follows), and Anthropic's: a URL without a version gets "/v1"; "/v1", "/v1/" and any other versioned path
    ("/openai/v1beta", "/api/v3") stay as they are. Gemini's likewise, with "/v1beta". Ollama ("/api/chat" follows): "/v1" and "/api" at the end are
    dropped. Bedrock's and a plug-in's stay as they are. Applying it twice changes nothing.

    Args:
        base_url: As the user wrote it.
        kind: Family of the provider.
        path: Path of the setting, for the error.

    Raises:
        SettingsError: Not an http(s) URL with a host, or one with credentials, query or fragment.
    """
    parts = _split(base_url.strip(), path)
    route = parts.path.rstrip("/")
    if kind == "ollama":
        route = _without_api(route)
    elif kind in ("bedrock", "plugin"):
        pass  # their paths say what they are
    elif not any(_VERSION.fullmatch(segment) for segment in route.split("/")):
        route += "/v1beta" if kind == "gemini" else "/v1"
    return f"{parts.scheme}://{parts.netloc}{route}"


def _without_api(route: str) -> str:
    while route.endswith(("/v1", "/api", "/")):
        route = route.rpartition("/")[0]
    return route


def _split(url: str, path: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise fault(path, f"malformed URL: {error}") from error
    problem = _problem(url, parts, port)
    if problem:
        raise fault(path, f"malformed URL{_quoted(url)}: {problem}")
    return parts


def _problem(url: str, parts: SplitResult, port: int | None) -> str | None:
    # Checked on the text: urlsplit drops tabs and line breaks silently.
    if _UNSPEAKABLE.search(url):
        return "it holds a blank, a backslash or a control character"
    if parts.scheme not in {"http", "https"}:
        return "it must start with http:// or https://"
    if not parts.hostname or port == 0:
        return "it names no host" if not parts.hostname else "port 0 cannot be connected to"
    if "@" in parts.netloc:
        return "credentials belong into api_key or headers"
    return "a query or fragment cannot be part of it" if parts.query or parts.fragment else None


def _quoted(url: str) -> str:
    # What stands before an "@" or behind a "?" may be a password.
    return "" if "@" in url or "?" in url else f" {url!r}"
