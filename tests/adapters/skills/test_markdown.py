"""Skills out of Markdown: the front matter says when, the text says what, and nothing of it is run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from legion_llm.adapters.skills.markdown import read_all, read_skill, skill_of
from legion_llm.messages.errors import InvalidSkill, SettingsError
from legion_llm.messages.settings import SkillsSettings
from legion_llm.messages.settings.skills import SkillDiscoverySettings

WHOLE = """---
name: release-notes
namespace: dev
description: Writes them.
trigger: auto
trigger_words: [release, changelog]
file_change_triggers:
  - CHANGELOG.md
follows: dev:tests
condition: {metadata: {team: ops}}
allowed-tools: Bash
---

# Notes

Write notes.
"""


def text(front="name: a", body="Do it."):
    return f"---\n{front}\n---\n{body}"


def test_front_matter_says_when_a_skill_is_run_and_the_rest_is_what_it_says():
    skill = skill_of(WHOLE)

    assert skill.key == "dev:release-notes"
    assert (skill.description, skill.trigger, skill.follows) == ("Writes them.", "auto", "dev:tests")
    assert skill.trigger_words == ("release", "changelog")
    assert skill.file_change_triggers == ("CHANGELOG.md",)
    assert skill.condition == {"metadata": {"team": "ops"}}
    assert skill.text == "# Notes\n\nWrite notes."


def test_what_is_not_said_has_a_default():
    skill = skill_of(text())

    assert (skill.key, skill.trigger, skill.trigger_words, skill.follows) == ("disk:a", "on_demand", (), None)


def test_words_may_stand_in_a_line():
    assert skill_of(text("name: a\ntrigger_words: release notes, changelog")).trigger_words == (
        "release notes",
        "changelog",
    )


def test_lines_may_end_as_on_windows():
    assert skill_of(text().replace("\n", "\r\n")).text == "Do it."


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("Do it.", "does not begin with front matter"),
        (text(body=" \n"), "nothing below its front matter"),
        (text("name: [a"), "front matter is no YAML"),
        (text("!!python/object/apply:os.system [ls]"), "front matter is no YAML"),
        (text("a: &x [1]\nname: b\ncondition: {b: *x}"), "front matter is no YAML: aliases are not read"),
        (text("- a"), "front matter is no mapping"),
        (text("description: x"), "the name of a skill has"),
        (text("name: 7"), "the name of a skill has .*: got 7"),
        (text("name: a\ntrigger: always"), "trigger must be on_demand or auto"),
        (text("name: a\ncondition: x"), "condition must be a mapping, got 'x'"),
        (text("name: a\ntrigger_words: {a: b}"), "trigger_words must be a list of texts"),
    ],
)
def test_what_is_no_skill_is_refused(given, fault):
    with pytest.raises(InvalidSkill, match=fault):
        skill_of(given)


def test_a_file_that_cannot_be_read_is_no_skill(tmp_path):
    with pytest.raises(InvalidSkill, match="it cannot be read"):
        read_skill(tmp_path / "none.md")


@pytest.mark.parametrize(
    ("content", "fault"), [(b"x" * 300_000, "at most 262144 are read"), (b"\xff\xfe\xff", "not UTF-8")]
)
def test_a_file_that_is_too_long_or_no_text_is_no_skill(tmp_path, content, fault):
    path = tmp_path / "a.md"
    path.write_bytes(content)

    with pytest.raises(InvalidSkill, match=fault):
        read_skill(path)


def test_without_the_library_one_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(SettingsError, match=r"pip install legion-llm\[skills\]"):
        skill_of(text())


@pytest.fixture
def write(tmp_path):
    """Write a skill into a file below the test's folder."""

    def put(path, name):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(f"name: {name}", name), encoding="utf-8")

    return put


def found(tmp_path, **fields):
    settings = SkillsSettings(**{"directories": (str(tmp_path / "one"), "~/two"), **fields})
    return read_all(settings, tmp_path)


def test_folders_are_read_one_after_the_other_files_and_folders_with_a_skill_md(write, tmp_path):
    for path, name in (("one/b.md", "b"), ("one/a/SKILL.md", "a"), ("one/a/other.md", "x"), ("two/c.md", "c")):
        write(path, name)

    assert [skill.name for skill in found(tmp_path).skills] == ["a", "b", "c"]


def test_of_one_key_the_earlier_counts_and_what_is_wrong_is_told(write, tmp_path):
    write("one/a.md", "a")
    write("two/a.md", "a")
    write("two/bad.md", "")

    skills, notes = found(tmp_path)

    assert [skill.name for skill in skills] == ["a"]
    assert [note.partition(": ")[2] for note in notes] == [
        "there is a skill 'disk:a' already",
        "there is nothing below its front matter",
    ]


def test_others_skills_are_read_where_that_is_wanted(write, tmp_path, monkeypatch):
    write(".claude/skills/x/SKILL.md", "x")
    monkeypatch.chdir(tmp_path / ".claude")

    assert found(tmp_path).skills == ()
    wanted = SkillDiscoverySettings(claude=True)
    assert [skill.name for skill in found(tmp_path, auto_discover=wanted).skills] == ["x"]


def test_without_a_home_nothing_below_it_is_looked_for(write, tmp_path):
    write("two/c.md", "c")

    assert read_all(SkillsSettings(directories=("~/two",)), None).skills == ()


def test_the_suffix_counts(tmp_path):
    Path(tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.txt").write_text(text(), encoding="utf-8")

    assert found(tmp_path).skills == ()
