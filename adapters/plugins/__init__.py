"""Providers that other packages bring: what such a plug-in is, how it is found, and how it is kept from harming the others."""

from __future__ import annotations

from .plugin import GROUP, PROTOCOL, PluginContext, ProviderPlugin, http_provider

__all__ = ["GROUP", "PROTOCOL", "PluginContext", "ProviderPlugin", "http_provider"]
