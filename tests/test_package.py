"""The package as it is shipped: its layout, its wheel, its imports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import legion_llm
import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("messages", "runtime", "actors", "adapters")


def packages_in_the_tree():
    folders = [folder.parent for room in ROOMS for folder in (ROOT / room).rglob("__init__.py")]
    return {"legion_llm", *(".".join(("legion_llm", *folder.relative_to(ROOT).parts)) for folder in folders)}


def test_the_package_list_names_every_folder_of_the_tree():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())

    listed = settings["tool"]["setuptools"]["packages"]

    assert sorted(listed) == sorted(packages_in_the_tree())


def test_every_folder_with_code_is_a_package():
    without = [
        folder
        for room in ROOMS
        for folder in (path.parent for path in (ROOT / room).rglob("*.py"))
        if not (folder / "__init__.py").exists()
    ]

    assert without == []


def test_the_top_level_holds_nothing_else():
    allowed = {
        *("pyproject.toml", "README.md", "Makefile", "CHANGELOG.md", "LICENSE", "__init__.py", "py.typed"),
        *ROOMS,
        *("examples", "tests", "docs"),
    }
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    if tracked == [""]:
        pytest.skip("not a git checkout")

    top = {name.split("/")[0] for name in tracked if name and not name.startswith(".")}

    assert top <= allowed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the tree, so that no build output lands in it."""
    out = tmp_path_factory.mktemp("wheel")
    copy = out / "source"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info"))
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(copy)],
        check=True,
        capture_output=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        timeout=300,
    )
    return next(out.glob("*.whl"))


@pytest.mark.timeout(300)
def test_the_wheel_carries_the_package_alone(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"legion_llm"}
    assert "legion_llm/py.typed" in names
    assert not [name for name in names if "/tests/" in name or "/examples/" in name]


@pytest.mark.timeout(300)
def test_the_wheel_carries_every_module_of_the_tree(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    modules = {f"legion_llm/{path.relative_to(ROOT)}" for room in ROOMS for path in (ROOT / room).rglob("*.py")}

    assert modules <= names


@pytest.mark.timeout(300)
def test_the_wheel_carries_every_file_of_the_dashboard(wheel):
    names = {
        Path(name).name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("legion_llm/adapters/http/ui/")
    }

    assert names == {path.name for path in (ROOT / "adapters" / "http" / "ui").iterdir() if path.is_file()}
    assert "index.html" in names


IMPORT = """
import sys
def refuse(event, args):
    if event == "socket.__new__": raise AssertionError("import opened a socket")
sys.addaudithook(refuse)
import legion_llm
print("legion_llm.messages.settings" in sys.modules)
heavy = {"httpx", "uvicorn", "starlette", "uvloop", "openai", "aiosqlite", "zmq", "redis", "psycopg", "aio_pika"}
print(sorted(heavy & set(sys.modules)))
"""


def test_importing_opens_no_socket_and_loads_no_library_of_the_edge():
    result = subprocess.run([sys.executable, "-c", IMPORT], cwd="/", capture_output=True, text=True, check=True)

    assert result.stdout.split() == ["False", "[]"]


def test_the_root_exports_exactly_its_public_names():
    public = {name for name in dir(legion_llm) if not name.startswith("_")}
    others = {"messages", "runtime", "actors", "adapters", "annotations", "Any", "TYPE_CHECKING"}

    assert public - others == set(legion_llm.__all__) - {"__version__"}
    assert all(hasattr(legion_llm, name) for name in legion_llm.__all__)


def test_a_name_that_the_root_does_not_export_is_none_of_its_own():
    with pytest.raises(AttributeError, match="has no attribute 'Setings'"):
        legion_llm.Setings  # noqa: B018 - the access is what is tried


def test_the_version_is_the_one_of_the_distribution():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert legion_llm.__version__ == settings["project"]["version"]
