"""What a process of our own asks of Python's garbage collector; a host that embeds the gateway decides for itself."""

from __future__ import annotations

import gc
from typing import Final

# Python walks over the youngest objects whenever 700 more containers were made than dropped, which some dozen requests in flight do: a fifth of
# the gateway's CPU. Almost nothing of a request is cyclic, so the walks find nothing; at this many, what is cyclic holds a few MB at the most.
_YOUNGEST: Final = 50_000
_OLDER: Final = 20


def spare_the_collector() -> None:
    """Let full collections pass over what was made until now, since it lives as long as the process, and make the others rare.

    To be called once, when everything has started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNGEST, _OLDER, _OLDER)
