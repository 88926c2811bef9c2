"""Where Bedrock lives, and how requests to it are signed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any, Final

import attrs
import httpx

from ...messages.credentials import Credential
from ...messages.errors import SettingsError
from ...messages.settings import InstanceSettings
from ..dialects.bedrock.event_stream import NEEDS_BOTOCORE
from ..settings.aws import region_of
from .endpoint import Presentation

# What requests to Bedrock are signed for, whichever of its hosts they go to.
_SERVICE: Final = "bedrock"
_RUNTIME: Final = "bedrock-runtime"
_SIGNED: Final = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")


def located(instance: InstanceSettings, environ: Mapping[str, str]) -> InstanceSettings:
    """Return the instance with its region, and the address that follows from it where the settings name none."""
    region = region_of(instance, environ)
    url = instance.base_url or f"https://{_RUNTIME}.{region}.{_domain(region)}"
    return attrs.evolve(instance, region=region, base_url=url)


def listing_url(instance: InstanceSettings) -> str:
    """Return where models are listed: a host beside the one that answers. An address of one's own does both."""
    url = httpx.URL(instance.base_url or "")
    host = url.host.replace(_RUNTIME, _SERVICE, 1) if url.host.startswith(f"{_RUNTIME}.") else url.host
    return str(url.copy_with(host=host))


def check_botocore() -> None:
    """Check that the library is there that signs and that reads the frames of streams.

    Raises:
        SettingsError: It is not installed.
    """
    if importlib.util.find_spec("botocore") is None:
        raise SettingsError(NEEDS_BOTOCORE)


def presented(instance: InstanceSettings, credential: Credential) -> Presentation:
    """Return the headers of a bearer token, or who signs every request."""
    if credential.secret is None:
        return Presentation((("Authorization", f"Bearer {credential.value.reveal()}"),))
    return Presentation(signer=SigV4(credential, instance.region or ""))


class SigV4:
    """Signs requests as AWS wants it (Signature Version 4), by botocore's signer.

    Args:
        keys: What to sign with: a pair.
        region: Where to.
    """

    def __init__(self, keys: Credential, region: str) -> None:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - an extra
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import ReadOnlyCredentials  # noqa: PLC0415

        assert keys.secret is not None
        token = None if keys.session is None else keys.session.reveal()
        credentials = ReadOnlyCredentials(keys.value.reveal(), keys.secret.reveal(), token)
        self._signer: Any = SigV4Auth(credentials, _SERVICE, region)
        self._request: Any = AWSRequest

    def __repr__(self) -> str:
        """Without the keys."""
        return "<SigV4>"

    def __call__(self, request: httpx.Request) -> None:
        """Sign a request: its method, address, content type and body. What is added to its headers later is not signed, and need not be."""
        headers = {"Content-Type": request.headers["Content-Type"]} if "Content-Type" in request.headers else {}
        signed = self._request(method=request.method, url=str(request.url), data=request.content, headers=headers)
        self._signer.add_auth(signed)
        for name in _SIGNED:
            if name in signed.headers:
                request.headers[name] = signed.headers[name]


def _domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
