"""
Discovery: which plugins there are, where each comes from, and which of them can be used.

Plugins are looked for in three places: modules of the package `aiwebengine.plugins` (drop-ins), entry points
of the group ``aiwebengine.plugins``, and the one-off directories of ``[plugins] directories``. The result is
a `Roster`; `Roster.plan` says which plugins to build and in which order.

Drop-ins are imported one by one instead of by ``twisted.plugin.getPlugins``: every module of this package is
a plugin, so its ``dropin.cache`` would save nothing, while it logs without saying which module is broken,
complains about read-only directories, and unpickles a file found beside the code.
"""

from __future__ import annotations

import csv
import importlib
import importlib.metadata
import importlib.util
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import msgspec
from twisted.plugin import IPlugin as ITwistedPlugin
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

from aiwebengine.config.configuration import load_section
from aiwebengine.config.sections import CORE_SECTIONS, PluginsSettings
from aiwebengine.config.sources import ConfigurationSources, gather
from aiwebengine.interfaces import IPlugin
from aiwebengine.roster import Fault, Offer, Plan, Roster

__all__ = ["GROUP", "Configured", "discover", "discover_configured", "discover_installed", "ownership"]

GROUP = "aiwebengine.plugins"
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_Item = Offer | Fault


@attrs.frozen
class Configured:
    """The roster, and the plan which a configuration makes of it (not yet checked)."""

    roster: Roster
    plan: Plan


def discover_configured(sources: ConfigurationSources) -> Configured:
    """
    Give the roster and the plan for a configuration whose plugins' sections are not yet known.

    Raises `ConfigurationInvalid` for problems of the sources or of ``[plugins]``. A configured plugin that
    cannot be built raises nothing here, so that it can be listed; ``plan.check()`` does.
    """
    settings = load_section(sources, "plugins", PluginsSettings)
    roster = discover_installed([Path(name) for name in settings.directories])
    layers = gather(sources, {**roster.schemas(), **CORE_SECTIONS}).layers
    present = {str(section) for layer in layers for section in layer.data}
    plan = roster.survey(sections=present, enabled=settings.enabled, disabled=settings.disabled)
    return Configured(roster, plan)


def discover_installed(directories: Sequence[Path] = ()) -> Roster:
    """Give the roster of this Python environment and the one-off ``directories``."""
    package = importlib.import_module("aiwebengine.plugins")
    return discover(package, importlib.metadata.entry_points(group=GROUP), directories, ownership())


def discover(
    package: ModuleType | None,
    entries: Iterable[importlib.metadata.EntryPoint],
    directories: Sequence[Path],
    owner: Callable[[Path], str],
) -> Roster:
    """
    Give the roster of a drop-in package, entry points and one-off directories.

    ``owner`` gives the distribution and version a file was installed by, or ``""``. Nothing is raised for a
    plugin that cannot be imported or used: the roster holds a `Fault` for it.
    """
    items: list[_Item] = []
    if package is not None:
        items += _dropins(package, owner)
    for entry in entries:
        items += _entry(entry)
    for directory in directories:
        items += _directory(Path(directory))
    return _roster(items)


def ownership() -> Callable[[Path], str]:
    """Give a function that gives ``"distribution version"`` for a drop-in file, else ``""``."""
    owners: dict[Path, str] = {}
    for distribution in importlib.metadata.distributions():
        record = distribution.read_text("RECORD") or ""
        if "aiwebengine/plugins/" not in record:  # most of them: spare the parsing
            continue
        for line in csv.reader(record.splitlines()):
            if line and line[0].startswith("aiwebengine/plugins/"):
                file = Path(str(distribution.locate_file(line[0])))
                owners.setdefault(file, f"{distribution.name} {distribution.version}")
    own = importlib.import_module("aiwebengine")
    built_in = Path(str(own.__file__)).parent / "plugins"

    def owner(file: Path) -> str:
        # In a checkout or an editable install no RECORD lists our own.
        return owners.get(file, f"aiwebengine {own.VERSION}" if file.parent == built_in else "")

    return owner


def _dropins(package: ModuleType, owner: Callable[[Path], str]) -> Iterator[_Item]:
    """Import each module of ``package``, directory by directory."""
    first: dict[str, str] = {}
    for directory in package.__path__:
        for info in pkgutil.iter_modules([directory]):
            if info.name.startswith("_"):
                continue
            file = _file_of(info, directory)
            name = owner(file)
            origin = f"{name} ({file.name})" if name else str(file)
            if info.name in first:
                yield Fault(
                    _aliases(info.name),
                    origin,
                    f"is hidden by {first[info.name]}: name drop-ins after their distribution",
                )
                continue
            first[info.name] = str(file)
            try:
                module = importlib.import_module(f"{package.__name__}.{info.name}")
            except (Exception, SystemExit) as error:
                yield Fault(_aliases(info.name), origin, f"cannot be imported: {_in_one_line(error)}")
            else:
                yield from _offers_of(module, origin)


def _entry(entry: importlib.metadata.EntryPoint) -> Iterator[_Item]:
    """Load one entry point."""
    dist = entry.dist
    origin = (
        f"{dist.name} {dist.version} ({entry.value})" if dist is not None else f"entry point {entry.value}"
    )
    try:
        value = entry.load()
    except (Exception, SystemExit) as error:
        yield Fault((entry.name,), origin, f"cannot be imported: {_in_one_line(error)}")
        return
    yield _offer(value, origin, (entry.name,))


def _directory(directory: Path) -> Iterator[_Item]:
    """Import the Python files and packages of a one-off directory, without a cache file beside them."""
    if not directory.is_dir():
        yield Fault((), str(directory), "is named in [plugins] directories but is no directory", fatal=True)
        return
    for info in sorted(pkgutil.iter_modules([str(directory)]), key=lambda found: found.name):
        if info.name.startswith("_"):
            continue
        file = _file_of(info, directory)
        try:
            module = _import_file(file.resolve())
        except (Exception, SystemExit) as error:
            yield Fault(_aliases(info.name), str(file), f"cannot be imported: {_in_one_line(error)}")
        else:
            yield from _offers_of(module, str(file))


def _file_of(info: pkgutil.ModuleInfo, directory: str | Path) -> Path:
    return Path(directory, info.name, "__init__.py") if info.ispkg else Path(directory, f"{info.name}.py")


def _import_file(file: Path) -> ModuleType:
    """Import a file under a name of its own, so that two directories may hold files of the same name."""
    is_package = file.name == "__init__.py"
    stem = file.parent.name if is_package else file.stem
    name = f"_aiwebengine_plugin_{sha256(str(file).encode()).hexdigest()[:12]}_{stem}"
    if name in sys.modules:
        return sys.modules[name]
    places = [str(file.parent)] if is_package else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python source file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: attrs and msgspec look annotations up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _offers_of(module: ModuleType, origin: str) -> Iterator[_Item]:
    """Give the plugins that are globals of a module."""
    stem = module.__name__.rpartition(".")[2]
    values = [value for value in vars(module).values() if ITwistedPlugin.providedBy(value)]
    if not values:
        yield Fault(_aliases(stem), origin, "holds no object that provides aiwebengine.interfaces.IPlugin")
    for value in values:
        yield _offer(value, origin, _aliases(stem))


def _offer(value: Any, origin: str, aliases: tuple[str, ...]) -> _Item:
    """Verify one object; its name, where it has one, is what a fault is known by."""
    name = getattr(value, "name", None)
    known = (name,) if isinstance(name, str) else aliases
    if isinstance(value, type):
        return Fault(known, origin, f"{value.__name__} is a class; offer an instance of it")
    try:
        verifyObject(IPlugin, value)
    except Invalid as error:
        return Fault(known, origin, f"does not provide IPlugin: {_flat(str(error))}")
    reason = _misfit(value)
    return Fault(known, origin, reason) if reason else Offer(value, origin)


def _misfit(plugin: IPlugin) -> str:
    """Say what is wrong with a plugin's attributes, ``""`` when nothing is."""
    if not isinstance(plugin.name, str) or not _NAME.match(plugin.name):
        return f"its name {plugin.name!r} is not of the form [a-z][a-z0-9_]*"
    if isinstance(plugin.requires, str) or not all(isinstance(name, str) for name in plugin.requires):
        return f"requires = {plugin.requires!r} is not a sequence of plugin names"
    if plugin.settings is None:
        return ""
    if not (isinstance(plugin.settings, type) and issubclass(plugin.settings, msgspec.Struct)):
        return f"settings = {plugin.settings!r} is not a msgspec.Struct class"
    return "" if plugin.section else "has settings but no section to take them from"


def _roster(items: Sequence[_Item]) -> Roster:
    """Drop identical objects: a module may bind its plugin twice, or offer it as an entry point too."""
    offers: dict[int, Offer] = {}
    for item in items:
        if isinstance(item, Offer):
            offers.setdefault(id(item.plugin), item)
    faults = tuple(item for item in items if isinstance(item, Fault))
    return Roster(tuple(sorted(offers.values(), key=lambda offer: offer.name)), faults)


def _aliases(stem: str) -> tuple[str, ...]:
    """Give the names by which the configuration may mean the plugin of a module that does not import."""
    short = re.sub(r"^_?aiwebengine_(plugin_[0-9a-f]{12}_)?", "", stem)
    return tuple(dict.fromkeys((stem, short, re.sub(r"_(plugin|dropin)$", "", short))))


def _in_one_line(error: BaseException) -> str:
    """Give an error's type, text and the place that raised it, on one line."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__
    ]
    at = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {_flat(str(error))}{at}"


def _flat(text: str) -> str:
    return " ".join(text.split())
