"""What the HTTP API is built with."""

from __future__ import annotations

import attrs

from ...messages.settings import ApiSettings, ResponseCacheSettings
from .keyring import Keyring


@attrs.frozen(kw_only=True)
class HttpApiConfig:
    """Limits of the HTTP API: those that can be set, and those that need no setting.

    Attributes:
        settings: What the settings say.
        cache: What is kept of answers that clients come back for.
        keyring: Who may use it; None: whoever reaches the port.
        head_timeout: Seconds a client may take to send the head of a request, counted from the connection or from its first byte. Default 10.0.
        stall_timeout: Seconds for which a client may leave an answer unread before it is cut off. Default 60.0, as nginx's send_timeout.
        linger_timeout: Seconds for which the body of a refused request is read and thrown away, so that the client gets to read why. Default 5.0.
        comment_interval: Seconds of silence in a stream after which a comment shows proxies that it is alive. Default 15.0.
    """

    settings: ApiSettings = ApiSettings()
    cache: ResponseCacheSettings = ResponseCacheSettings()
    keyring: Keyring | None = None
    head_timeout: float = attrs.field(default=10.0, validator=attrs.validators.gt(0))
    stall_timeout: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    linger_timeout: float = attrs.field(default=5.0, validator=attrs.validators.gt(0))
    comment_interval: float = attrs.field(default=15.0, validator=attrs.validators.gt(0))
