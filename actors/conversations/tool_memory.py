"""What a conversation keeps of the tools that its turns used: which groups stay at hand, and the last runs. Kept as JSON in its state.

A group that a word called for stays for some more turns of the user; one that was used stays for some more runs of tools like it. The two are
counted apart, and a moment at which a group goes is only ever put off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from ...messages.settings import ToolStickySettings
from ...messages.tool_memory import ToolRun, ToolsUsed

# Under which it stands in a conversation's state.
TOOLS: Final = "legion.tools"

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class _Stay:
    """How long a group stays: below this turn, and below this run."""

    turn: int = 0
    run: int = 0


@attrs.frozen(kw_only=True)
class ToolMemory:
    """What is kept.

    Attributes:
        turn: Turns of the user so far.
        runs: Runs of deferred tools so far.
        history: The last runs of any tool, the oldest first, each with its turn.
    """

    turn: int = 0
    runs: int = 0
    groups: Mapping[str, _Stay] = attrs.field(factory=dict)
    history: tuple[tuple[int, ToolRun], ...] = ()

    def staying(self, turn: int) -> tuple[str, ...]:
        """Return the groups that are at hand in a turn of the user, sorted."""
        return tuple(sorted(name for name, stay in self.groups.items() if stay.turn > turn or stay.run > self.runs))


def memory_of(state: Mapping[str, Any]) -> ToolMemory:
    """Return what is kept in a conversation's state. A host may have written something else there: that is nothing."""
    kept = state.get(TOOLS, _NOTHING)
    try:
        return ToolMemory(
            turn=int(kept["turn"]),
            runs=int(kept["runs"]),
            groups={str(name): _Stay(turn=int(stay[0]), run=int(stay[1])) for name, stay in kept["groups"].items()},
            history=tuple((int(turn), ToolRun(**run)) for turn, run in kept["history"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return ToolMemory()


def after_turn(state: Mapping[str, Any], used: ToolsUsed, settings: ToolStickySettings) -> dict[str, Any] | None:
    """Return what is kept after a turn, as JSON; None for nothing."""
    memory = memory_of(state)
    turn = (memory.turn if TOOLS in state else used.turns_before) + used.is_new_turn
    runs, groups = memory.runs, dict(memory.groups)
    for group in used.triggered:
        stay = groups.get(group, _Stay())
        groups[group] = attrs.evolve(stay, turn=max(stay.turn, turn + settings.trigger_turns + 1))
    for run in used.runs:
        if run.is_deferred:
            runs += 1
            stay = groups.get(run.group, _Stay())
            groups[run.group] = attrs.evolve(stay, run=max(stay.run, runs + settings.execution_tool_calls))
    history = (*memory.history, *((turn, run) for run in used.runs))
    history = history[max(0, len(history) - settings.max_history_entries) :]
    after = ToolMemory(turn=turn, runs=runs, groups=groups, history=history)
    staying = after.staying(turn)
    return _plain(after, staying) if staying or history else None


def _plain(memory: ToolMemory, staying: tuple[str, ...]) -> dict[str, Any]:
    return {
        "turn": memory.turn,
        "runs": memory.runs,
        "groups": {name: [memory.groups[name].turn, memory.groups[name].run] for name in staying},
        "history": [[turn, dict(_fields(run))] for turn, run in memory.history],
    }


def _fields(run: ToolRun) -> Iterator[tuple[str, Any]]:
    for field in attrs.fields(ToolRun):
        yield field.name, getattr(run, field.name)
