"""Pages for people where an API should have answered."""

from __future__ import annotations

import re
from typing import Final

from ...messages.errors import ProviderError

_TITLE: Final = re.compile(rb"<title[^>]*>\s*([^<]{1,120})", re.IGNORECASE)


def refuse_html(body: bytes) -> None:
    """Say readably that an HTML page came: a login page, a proxy's apology, a wrong base_url.

    Judged by the body and not by Content-Type, which many servers get wrong.

    Raises:
        ProviderError: The body is markup.
    """
    if not body[:64].lstrip().startswith(b"<"):
        return
    title = _TITLE.search(body[:4096])
    what = f" ({title.group(1).decode('utf-8', 'replace').strip()!r})" if title else ""
    raise ProviderError(f"a web page{what} came where the API should have answered; is base_url right?")
