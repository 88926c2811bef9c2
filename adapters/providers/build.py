"""From an instance's settings to a provider."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ...actors.connection.port import Provider
from ...messages.credentials import Credential
from ...messages.errors import SettingsError
from ...messages.settings import InstanceSettings, Kind, PromptCachingSettings, TimeoutSettings, setting_path
from ..dialects.anthropic import VERSION, AnthropicMessages
from ..dialects.bedrock import Bedrock, BedrockEmbed
from ..dialects.bedrock.models import marks_taken
from ..dialects.gemini import Gemini, GeminiEmbed
from ..dialects.ollama import Ollama, OllamaEmbed
from ..dialects.openai_chat import OpenAIChat, Tokenizing
from ..dialects.openai_embeddings import OpenAIEmbeddings
from ..dialects.openai_responses import OpenAIResponses
from ..dialects.protocol import CountingDialect, DialectOptions, EmbeddingDialect, ProviderDialect
from ..plugins.guarded import GuardedProvider
from ..settings.candidates import credential_at_hand, first_candidate
from ..settings.credentials import ENVIRONMENT_ALONE, Absent, Resolvers, headers_for
from .aws import check_botocore, listing_url, located, presented
from .cache_marks import CacheMarks, Takes
from .demo import DemoProvider
from .endpoint import Endpoint, Presentation
from .http import HttpProvider, Skills
from .native_schema import Shaper
from .ollama import OllamaProvider
from .pass_through import PassThroughProvider
from .transports import TransportFactory, transport_for

# OpenAI has renamed the field that limits the answer; the servers that imitate it mostly know the old name alone.
_OPENAI: Final = OpenAIChat(max_tokens_field="max_completion_tokens")
_OPENAI_LIKE: Final = OpenAIChat(max_tokens_field="max_tokens")

_RESPONSES: Final = OpenAIResponses()
_RESPONSES_LIKE: Final = OpenAIResponses(is_imitation=True)

_ANTHROPIC: Final = AnthropicMessages()
_GEMINI: Final = Gemini()
_BEDROCK: Final = Bedrock()

_JWT_DOTS: Final = 2

# Where a key goes that is no bearer.
_OWN_HEADERS: Final[Mapping[Kind, str]] = {"anthropic": "X-Api-Key", "gemini": "X-Goog-Api-Key"}

DIALECTS: Final[Mapping[Kind, ProviderDialect]] = MappingProxyType(
    {
        "openai": _OPENAI,
        "anthropic": _ANTHROPIC,
        "gemini": _GEMINI,
        "azure": _OPENAI,
        "bedrock": _BEDROCK,
        "openai_compat": _OPENAI_LIKE,
        "vllm": _OPENAI_LIKE,
        "mlx": _OPENAI_LIKE,
        "ollama": Ollama(),
    }
)

# Vectors in base64 are a quarter of the size and read in a tenth of the time; only OpenAI is known to send them.
_OPENAI_EMBEDDINGS: Final = OpenAIEmbeddings(encoding="base64")
_OPENAI_LIKE_EMBEDDINGS: Final = OpenAIEmbeddings()

EMBEDDINGS: Final[Mapping[Kind, EmbeddingDialect]] = MappingProxyType(
    {
        "openai": _OPENAI_EMBEDDINGS,
        "azure": _OPENAI_EMBEDDINGS,
        "openai_compat": _OPENAI_LIKE_EMBEDDINGS,
        "vllm": _OPENAI_LIKE_EMBEDDINGS,
        "mlx": _OPENAI_LIKE_EMBEDDINGS,
        "ollama": OllamaEmbed(),
        "gemini": GeminiEmbed(),
        "bedrock": BedrockEmbed(),
    }
)

# OpenAI counts for one of its APIs, whichever is spoken.
COUNTING: Final[Mapping[Kind, CountingDialect]] = MappingProxyType(
    {"openai": _RESPONSES, "anthropic": _ANTHROPIC, "gemini": _GEMINI, "bedrock": _BEDROCK, "vllm": Tokenizing()}
)

# Whose prompt caches keep what is marked alone.
_TAKES_MARKS: Final[Mapping[Kind, Takes]] = MappingProxyType(
    {"anthropic": lambda _model: (True, True), "bedrock": marks_taken}
)
_NO_CACHING: Final = PromptCachingSettings(enabled=False)

# What says that the last message is to be gone on with, where the message alone does not say it.
CONTINUING: Final[Mapping[Kind, Mapping[str, Any]]] = MappingProxyType(
    {"vllm": {"continue_final_message": True, "add_generation_prompt": False}}
)


def dialect_of(instance: InstanceSettings) -> ProviderDialect:
    """Return what is spoken to an instance in chats."""
    if instance.wire_api != "responses":
        return DIALECTS[instance.kind]
    return _RESPONSES if instance.kind in ("openai", "azure") else _RESPONSES_LIKE


def _counting_of(instance: InstanceSettings) -> CountingDialect | None:
    counting = COUNTING.get(instance.kind)
    return _RESPONSES if counting is None and instance.wire_api == "responses" else counting


def _marks_of(kind: Kind, caching: PromptCachingSettings) -> CacheMarks | None:
    takes = _TAKES_MARKS.get(kind)
    return None if takes is None or not caching.enabled else CacheMarks(caching, takes)


def build_provider(
    instance: InstanceSettings,
    environ: Mapping[str, str],
    transport_factory: TransportFactory = transport_for,
    resolvers: Resolvers = ENVIRONMENT_ALONE,
    caching: PromptCachingSettings = _NO_CACHING,
) -> Provider:
    """Return the provider that the settings describe. It opens no connection before its first call.

    Args:
        instance: What to build.
        environ: Where credentials and proxies are looked up.
        transport_factory: Makes its transport.
        resolvers: Who knows other references than to the environment.
        caching: What of a prompt is marked for the provider's cache.

    Raises:
        SettingsError: A credential or header is missing, or cannot be sent; the message names setting and variables.
    """
    if instance.kind == "demo":
        return DemoProvider(name=instance.name, settings=instance.demo)
    if instance.kind == "plugin":
        return GuardedProvider(instance, environ, credential_at_hand(instance, environ, resolvers))
    bare = empty_endpoint_for(instance, environ, instance.timeouts, resolvers) if instance.pass_through else None
    make = HttpProvider if bare is None else functools.partial(PassThroughProvider, bare=bare)
    provider = make(
        endpoint=endpoint_for(instance, environ, instance.timeouts, resolvers),
        dialect=dialect_of(instance),
        skills=Skills(
            embeddings=EMBEDDINGS.get(instance.kind),
            counting=_counting_of(instance),
            marks=_marks_of(instance.kind, caching),
            shaper=Shaper(instance.kind, instance.native_schema),
        ),
        transport=transport_factory(instance, environ),
        options=DialectOptions(
            extra_body=instance.extra_body,
            enable_thinking=instance.enable_thinking,
            continue_body=CONTINUING.get(instance.kind, {}),
            origin=instance.name,
        ),
    )
    return OllamaProvider(provider, instance.extra_body) if instance.kind == "ollama" else provider


def endpoint_for(
    instance: InstanceSettings,
    environ: Mapping[str, str],
    timeouts: TimeoutSettings,
    resolvers: Resolvers = ENVIRONMENT_ALONE,
) -> Endpoint:
    """Return where an instance lives. It shows the first credential that is at hand, until it is told another one.

    Raises:
        SettingsError: As for `build_provider`.
    """
    credential = first_candidate(instance, environ, resolvers)
    is_lacking = isinstance(credential, Absent) and instance.wants_credential
    if isinstance(credential, Absent) and is_lacking and not credential.may_come:
        raise _no_key(instance, credential)
    endpoint = empty_endpoint_for(instance, environ, timeouts, resolvers, lacks_credential=is_lacking)
    if isinstance(credential, Credential):
        endpoint.use(credential)
    return endpoint


def empty_endpoint_for(
    instance: InstanceSettings,
    environ: Mapping[str, str],
    timeouts: TimeoutSettings,
    resolvers: Resolvers = ENVIRONMENT_ALONE,
    *,
    lacks_credential: bool = False,
) -> Endpoint:
    """Return where an instance lives; it shows no credential before it is told one.

    Raises:
        SettingsError: A header is missing, or cannot be sent; or a library is missing.
    """
    is_aws = instance.kind == "bedrock"
    if is_aws:
        check_botocore()
        instance = located(instance, environ)
    return Endpoint(
        name=instance.name,
        root_url=instance.base_url or "",
        timeouts=timeouts,
        # What the user set last wins over what follows from the key.
        headers=[*_usual_headers(instance), *_own_headers(instance, environ, resolvers)],
        show=functools.partial(presented, instance) if is_aws else functools.partial(_presented, instance.kind),
        lacks_credential=lacks_credential,
        listing_url=listing_url(instance) if is_aws else None,
    )


def _own_headers(instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers) -> list[tuple[str, str]]:
    headers = headers_for(instance, environ, resolvers)
    if isinstance(headers, Absent):
        path = setting_path(instance.name, "headers")
        raise SettingsError(f"{path}: {headers.reason}", path=path)
    return list(headers.items())


def _presented(kind: Kind, credential: Credential) -> Presentation:
    return Presentation(tuple(_key_headers(kind, credential.value.reveal(), is_token=credential.is_token)))


def _key_headers(kind: Kind, key: str, *, is_token: bool) -> list[tuple[str, str]]:
    """A key of Azure's goes under a name of its own; a token of Entra ID (a JWT has three parts) is a bearer there as elsewhere."""
    if kind in _OWN_HEADERS:
        return [(_OWN_HEADERS[kind], key)]
    if kind == "azure" and not is_token and key.count(".") != _JWT_DOTS:
        return [("Api-Key", key)]
    return [("Authorization", f"Bearer {key}")]


def _usual_headers(instance: InstanceSettings) -> list[tuple[str, str]]:
    if instance.kind == "anthropic":
        return [("Anthropic-Version", VERSION)]
    return [("OpenAI-Organization", instance.organization)] if instance.organization else []


def _no_key(instance: InstanceSettings, absent: Absent) -> SettingsError:
    path = setting_path(instance.name, "api_key")
    if instance.kind == "bedrock":
        remedy = "set api_key and secret_key, or bearer_token, or AWS_BEARER_TOKEN_BEDROCK in the environment"
    else:
        variables = " or ".join(instance.key_variables)
        remedy = f"set {path}" + (f", or {variables} in the environment" if variables else "")
    return SettingsError(f"{instance.name} has no credential ({absent.reason}): {remedy}", path=path)
