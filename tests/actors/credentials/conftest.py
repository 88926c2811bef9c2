from __future__ import annotations

import pytest
import trio
from legion_llm.actors.credentials.port import Found, Opinion, Verdict
from legion_llm.messages.credentials import Credential
from legion_llm.messages.secret import Secret


def key(value: str) -> Credential:
    return Credential(value=Secret(value), source=f"from {value}")


class SourceDouble:
    """Holds the keys that the test puts in."""

    def __init__(self, *values, due=None):
        self.values = values
        self.due = due
        self.reads = 0
        self.gate = None

    async def read(self, *, distrust=False):
        self.reads += 1
        if self.gate is not None:
            await self.gate.wait()
        reason = "" if self.values else "nobody has one"
        return Found(candidates=tuple(key(each) for each in self.values), reason=reason, due=self.due)


class ProberDouble:
    """Says of each key what the test wrote down, by default that it is accepted; None: it never answers."""

    def __init__(self, **verdicts):
        self.verdicts = verdicts
        self.tried = []
        self.closed = 0

    async def probe(self, credential):
        value = credential.value.reveal()
        self.tried.append(value)
        verdict = self.verdicts.get(value, "accepted")
        if verdict is None:
            await trio.sleep_forever()
        return Opinion(verdict=Verdict(verdict), words="" if verdict == "accepted" else f"{value} is {verdict}")

    async def aclose(self):
        self.closed += 1


@pytest.fixture
def new_source():
    return SourceDouble


@pytest.fixture
def new_prober():
    return ProberDouble
