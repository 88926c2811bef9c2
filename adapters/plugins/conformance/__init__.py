"""Tests that the author of a plug-in can run: whether it does what a gateway expects of a provider.

With pytest, which this package does not import:

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
    def test_the_plugin_conforms(check):
        hold(check, Subject(plugin="acme", model="small", settings={"base_url": URL}))

Without: `legion-llm plugin check acme --model small --settings '{"base_url": ...}'`.
"""

from __future__ import annotations

from .checks import CHECKS
from .subject import Check, NotConforming, Subject, hold

__all__ = ["CHECKS", "Check", "NotConforming", "Subject", "hold"]
