"""The table of features by provider."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from legion_llm.adapters.cli.main import cli
from legion_llm.adapters.dialects.bedrock import Bedrock
from legion_llm.adapters.providers.build import DIALECTS
from legion_llm.adapters.providers.feature_table import markdown, plain
from legion_llm.adapters.providers.features import FEATURES, Column, Standing, columns, standing

PAGE = Path(__file__).parents[3] / "docs" / "dialects.md"
BEGIN, END = "<!-- the table: do not edit -->\n", "<!-- the end of the table -->"


def test_the_page_shows_the_table_as_it_is():
    _, _, rest = PAGE.read_text().partition(BEGIN)
    shown, _, _ = rest.partition(END)

    assert shown == markdown(columns()), "put the output of `legion-llm providers --markdown` between the two marks"


def test_every_kind_of_provider_has_a_column_with_every_feature():
    found = columns()

    assert {column.name for column in found} >= set(DIALECTS)
    assert all(column.standings.keys() > FEATURES.keys() for column in found)


@pytest.mark.parametrize(
    ("feature", "becomes"),
    [("pictures", Standing.YES), ("seed", Standing.CHANGED), ("pictures by URL", Standing.NO)],
)
def test_what_becomes_of_a_feature_is_what_its_dialect_does(feature, becomes):
    assert standing(Bedrock(), "anthropic.claude-sonnet-4-6", FEATURES[feature]) is becomes


def test_kinds_with_which_everything_is_the_same_share_a_column():
    same, other = {"a": Standing.YES}, {"a": Standing.NO}

    shown = plain([Column("x", same), Column("y", other), Column("z", same)])

    assert shown == "   x, z  y\na  yes   no"


def test_the_command_prints_it():
    result = CliRunner().invoke(cli, ["providers"])

    assert result.exit_code == 0
    assert result.output.strip("\n") == plain(columns()).strip("\n")
