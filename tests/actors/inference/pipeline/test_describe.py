from __future__ import annotations

from pathlib import Path

from legion_llm.actors.inference.pipeline.describe import markdown, plain
from legion_llm.actors.inference.pipeline.table import TABLE

PAGE = Path(__file__).parents[4] / "docs" / "pipeline.md"
BEGIN, END = "<!-- the table: do not edit -->\n", "<!-- the end of the table -->"


def test_the_page_shows_the_table_as_it_is():
    _, _, rest = PAGE.read_text().partition(BEGIN)
    shown, _, _ = rest.partition(END)

    assert shown == markdown(TABLE), "put the output of `legion-llm pipeline --markdown` between the two marks"


def test_a_row_tells_what_the_step_does_and_who_is_spared_it():
    row = next(line for line in markdown(TABLE).splitlines() if "`idempotency`" in line)

    assert "| before | fatal | gaia, system, quick_reply, subcall | Give a request whose key was used before" in row


def test_the_text_names_every_step():
    assert all(f" {step.name} (" in plain(TABLE) for step in TABLE)
