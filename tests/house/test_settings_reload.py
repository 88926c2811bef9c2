"""When a change of a setting takes effect: the documentation and the program say the same."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
from legion_llm.adapters.settings.changes import LIVE
from legion_llm.messages.settings import Settings

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_documentation_says_of_every_setting_when_a_change_of_it_takes_effect():
    table = re.search(r"\| takes effect at once \|.*?\n\n", DOCS.read_text(), re.DOTALL)[0]
    rows = [row.split("|")[1:3] for row in table.splitlines()[2:] if row]
    at_once, later = ({name for row in rows for name in re.findall(r"`([a-z_]+)`", row[column])} for column in (0, 1))

    assert at_once == LIVE, (
        'docs/configuration.md, "While it runs": the first column must name adapters.settings.changes.LIVE'
    )
    assert later == {field.name for field in attrs.fields(Settings)} - LIVE, (
        'docs/configuration.md, "While it runs": a setting that is not in LIVE belongs into the second column'
    )
