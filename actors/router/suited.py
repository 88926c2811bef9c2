"""Which of the models that a catalogue lists may be chosen for a chat that names none."""

from __future__ import annotations

import re
from typing import Final

from ...messages.catalogue import Capability, ModelFacts
from ..discovery.guesses import with_guesses

# They may well answer messages, but are made for something else: who wants them names them.
_SPECIAL: Final = re.compile(r"realtime|audio|speech|guard|(^|/)(imagen|veo)-|image", re.IGNORECASE)


def is_suited(facts: ModelFacts) -> bool:
    """Whether a model can be taken to answer messages, as any other does: known to, or called like nothing else."""
    if Capability.CHAT in facts.can:
        return True
    return Capability.CHAT not in with_guesses(facts).cannot and _SPECIAL.search(facts.name) is None
