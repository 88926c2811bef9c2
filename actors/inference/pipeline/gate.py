"""Which of the targets that the router found a request may go to: what the steps before have said of them, applied to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs

from ....messages.errors import PipelineError
from ....messages.routing import Resolution, Target

# Returns why a target may not be used, or None.
Objection: TypeAlias = Callable[[Target], str | None]


@attrs.frozen
class Bar:
    """What a step has against some targets.

    Attributes:
        step: Its name.
        objection: Says what, if anything, speaks against a target.
        is_strict: Whether such a target is left out. False: the request goes there, with a warning.
    """

    step: str
    objection: Objection
    is_strict: bool = True


@attrs.frozen
class Gated:
    """What is left of a resolution.

    Attributes:
        resolution: With the targets that may be used.
        barred: "target: why" for each that may not.
        warnings: What speaks against the first one, though not strictly.
    """

    resolution: Resolution
    barred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def gated(resolution: Resolution, bars: Sequence[Bar]) -> Gated:
    """Leave out the targets that are barred.

    Whatever follows - a retry, another candidate, a better answer - goes to one of the candidates, so that this holds at every hop.

    Raises:
        PipelineError: None is left; `step` is the one that barred the first.
    """
    found = [(target, _strict_objection(target, bars)) for target in resolution.candidates]
    left = tuple(target for target, objection in found if objection is None)
    objections = [(target, objection) for target, objection in found if objection is not None]
    barred = tuple(f"{target}: {why}" for target, (_, why) in objections)
    if not left:
        step = objections[0][1][0]
        raise PipelineError(f"no target is left for this request: {'; '.join(barred)}", step=step)
    if barred:
        resolution = attrs.evolve(resolution, candidates=left)
    return Gated(resolution, barred, _warnings(left[0], bars))


def _strict_objection(target: Target, bars: Sequence[Bar]) -> tuple[str, str] | None:
    for bar in bars:
        if bar.is_strict:
            why = bar.objection(target)
            if why is not None:
                return bar.step, why
    return None


def _warnings(target: Target, bars: Sequence[Bar]) -> tuple[str, ...]:
    objections = (bar.objection(target) for bar in bars if not bar.is_strict)
    return tuple(f"{target}: {why}" for why in objections if why is not None)
