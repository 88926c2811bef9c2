from __future__ import annotations

import sys
from pathlib import Path

import pytest
from legion_llm.adapters.plugins.loading import load_plugin

EXAMPLE = Path(__file__).parents[3] / "examples" / "provider_plugin"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install packages, as pip would: files by name, and their entry points."""
    modules = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def put(name, entry_points, **sources):
        metadata = tmp_path / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{key} = {value}" for key, value in entry_points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[legion_llm.providers]", *lines, ""]))
        for module, source in sources.items():
            (tmp_path / f"{module}.py").write_text(source)

    yield put
    load_plugin.cache_clear()
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith((str(tmp_path), str(EXAMPLE))):
            del sys.modules[name]


@pytest.fixture
def shouting(install, monkeypatch):
    """The example, installed."""
    monkeypatch.syspath_prepend(EXAMPLE)
    install("legion_llm_shouting", {"shouting": "shouting_provider"})
    return "shouting"
