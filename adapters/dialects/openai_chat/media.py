"""Pictures and sound in answers. OpenAI has a field for sound; for pictures those who imitate it have agreed on `images`."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final

from ....messages.chat import new_id
from ....messages.content import AudioBlock, ContentBlock, ImageBlock
from ....messages.errors import InvalidRequestError, ProviderError
from ..json_text import json_kind
from .parts import image_url, parse_part

IMAGES: Final = "images"
AUDIO: Final = "audio"


def parse_images(value: Any) -> list[ContentBlock]:
    """Return the pictures of an answer.

    Raises:
        ProviderError: They are malformed.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise ProviderError(f"the images of the provider's answer are {json_kind(value)}, and not an array")
    try:
        return [parse_part(part, f"{IMAGES}.{number}") for number, part in enumerate(value)]
    except InvalidRequestError as error:
        # The same shapes as a client's; only whose fault it is differs.
        raise ProviderError(f"the provider's answer is malformed: {error}") from error


def render_media(blocks: Iterable[ContentBlock]) -> dict[str, Any]:
    """Return the fields of an answer, or of a piece of one, that hold its pictures and its sound; {} without any."""
    media: dict[str, Any] = {}
    images = [block for block in blocks if isinstance(block, ImageBlock)]
    if images:
        media[IMAGES] = [{"type": "image_url", "image_url": {"url": image_url(each)}} for each in images]
    sounds = [block for block in blocks if isinstance(block, AudioBlock)]
    if sounds:
        # Who sends several pieces sends samples without a head, which can be put one after the other. None is kept here: it has expired.
        data = b"".join([base64.b64decode(each.data) for each in sounds])
        media[AUDIO] = {
            "id": new_id("audio_"),
            "data": base64.b64encode(data).decode(),
            "expires_at": 0,
            "transcript": "",
        }
    return media
