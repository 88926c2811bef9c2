"""Where Bedrock lives, and how requests to it are signed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any, Final

import attrs
import httpx

from ...messages.errors import SettingsError
from ...messages.secret import Secret
from ...messages.settings import InstanceSettings
from ..dialects.bedrock.event_stream import NEEDS_BOTOCORE
from ..settings.aws import AwsKeys, aws_credential_for, region_of
from ..settings.credentials import Absent
from .endpoint import Signer

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


def authorisation(
    instance: InstanceSettings, environ: Mapping[str, str]
) -> tuple[list[tuple[str, str]], Signer | None]:
    """Return the headers of a bearer token, or who signs every request.

    Raises:
        SettingsError: botocore is not installed, or there is no credential.
    """
    if importlib.util.find_spec("botocore") is None:
        raise SettingsError(NEEDS_BOTOCORE)
    credential = aws_credential_for(instance, environ)
    if isinstance(credential, Absent):
        remedy = "set api_key and secret_key, or bearer_token, or AWS_BEARER_TOKEN_BEDROCK in the environment"
        raise SettingsError(f"{instance.name} has no credential ({credential.reason}): {remedy}")
    if isinstance(credential, Secret):
        return [("Authorization", f"Bearer {credential.reveal()}")], None
    return [], SigV4(credential, instance.region or "")


class SigV4:
    """Signs requests as AWS wants it (Signature Version 4), by botocore's signer.

    Args:
        keys: What to sign with.
        region: Where to.
    """

    def __init__(self, keys: AwsKeys, region: str) -> None:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - an extra
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import ReadOnlyCredentials  # noqa: PLC0415

        token = None if keys.session_token is None else keys.session_token.reveal()
        credentials = ReadOnlyCredentials(keys.access_key.reveal(), keys.secret_key.reveal(), token)
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
