"""What a plug-in is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from ...actors.connection.port import Provider
from ...messages.credentials import Credential
from ...messages.errors import SettingsError
from ...messages.secret import Secret
from ...messages.settings import InstanceSettings, setting_path
from ..dialects.protocol import DialectOptions, ProviderDialect

if TYPE_CHECKING:
    from ..providers.http import Skills

# The group of entry points in which plug-ins are found.
GROUP: Final = "legion_llm.providers"
# What is spoken between gateway and plug-in. It grows when a plug-in of before would no longer do.
PROTOCOL: Final = 1

ShowKey = Callable[[str], Mapping[str, str]]


@attrs.frozen(kw_only=True)
class PluginContext:
    """What a plug-in may know of the provider instance that it is to speak to.

    Attributes:
        instance: Its settings; `name`, `base_url`, `default_model`, `timeouts` and `options` are those that most plug-ins read.
        credential: What it shows, or None without one. Its plug-in is asked to build anew when that changes.
        environ: The environment, for proxies; credentials do not come from there.
    """

    instance: InstanceSettings
    credential: Credential | None = attrs.field(default=None, repr=False)
    environ: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Name of the instance ("acme/eu"): the origin of what its models sign."""
        return self.instance.name

    @property
    def base_url(self) -> str | None:
        """Where the settings say that it is, without a slash at the end."""
        return self.instance.base_url

    @property
    def options(self) -> Mapping[str, Any]:
        """What the settings say to the plug-in alone."""
        return self.instance.options

    @property
    def api_key(self) -> Secret | None:
        """The key or token, or None without one."""
        return None if self.credential is None else self.credential.value


class ProviderPlugin(Protocol):
    """What an entry point of the group `legion_llm.providers` names: a module or an object with these two names.

    It may have a third, `async def models(context) -> tuple[ModelFacts, ...]`: then discovery asks it, on its timer, which models there are.
    """

    @property
    def protocol(self) -> int:
        """What it speaks: 1."""

    def build(self, context: PluginContext) -> Provider:
        """Return a provider for one instance. It is called in any thread, may be called often, and opens no connection.

        Raises:
            SettingsError: The settings lack something; the message says what.
        """


def http_provider(
    context: PluginContext,
    dialect: ProviderDialect,
    *,
    base_url: str | None = None,
    show_key: ShowKey | None = None,
    skills: Skills | None = None,
) -> Provider:
    """Return a provider that speaks a dialect over HTTP: with the gateway's own transport, time limits and kinds of errors.

    Args:
        context: What the plug-in was given.
        dialect: What is spoken there; `legion_llm.adapters.dialects.protocol` says what one is.
        base_url: Where it is, unless the settings say otherwise.
        show_key: Returns the headers that show a key; None: `Authorization: Bearer`.
        skills: What it can do beside chats: embeddings, counting.

    Raises:
        SettingsError: There is no address, or a header cannot be sent.
    """
    # Imported here: they bring httpx along, which not every plug-in needs.
    from ..providers.endpoint import Endpoint, Presentation  # noqa: PLC0415
    from ..providers.http import HttpProvider  # noqa: PLC0415
    from ..providers.transports import transport_for  # noqa: PLC0415

    instance = context.instance
    root = context.base_url or base_url
    if root is None:
        path = setting_path(instance.name, "base_url")
        raise SettingsError(f"{path}: plug-in {instance.plugin!r} knows no usual address: state its URL", path=path)
    headers = show_key or _bearer
    endpoint = Endpoint(
        name=instance.name,
        root_url=root,
        timeouts=instance.timeouts,
        headers=instance.headers.items(),
        show=lambda credential: Presentation(tuple(headers(credential.value.reveal()).items())),
    )
    if context.credential is not None:
        endpoint.use(context.credential)
    options = DialectOptions(
        extra_body=instance.extra_body, enable_thinking=instance.enable_thinking, origin=instance.name
    )
    return HttpProvider(
        endpoint=endpoint,
        dialect=dialect,
        transport=transport_for(instance, context.environ),
        skills=skills,
        options=options,
    )


def _bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}
