"""Configuration: sources, schemas, validation, reload, encrypted files. See docs/CONFIGURATION.md."""

from aiwebengine.config.configuration import Configuration, ReloadReport, Snapshot, load, load_section
from aiwebengine.config.presentation import (
    Entry,
    as_json,
    as_toml,
    describe,
    problem_report,
    validate_summary,
)
from aiwebengine.config.reloading import ConfigurationWatch, install_sighup
from aiwebengine.config.secret import Secret, SecretURL
from aiwebengine.config.sections import CORE_SECTIONS, PluginsSettings
from aiwebengine.config.sources import ConfigurationSources

__all__ = [
    "CORE_SECTIONS",
    "Configuration",
    "ConfigurationSources",
    "ConfigurationWatch",
    "Entry",
    "PluginsSettings",
    "ReloadReport",
    "Secret",
    "SecretURL",
    "Snapshot",
    "as_json",
    "as_toml",
    "describe",
    "install_sighup",
    "load",
    "load_section",
    "problem_report",
    "validate_summary",
]
