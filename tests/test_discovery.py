"""Plugins are found in three places, verified, and explained."""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import attrs
import msgspec
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from aiwebengine.discovery import discover, discover_installed, ownership
from aiwebengine.errors import PluginUnusable
from aiwebengine.interfaces import IPlugin, IServices
from aiwebengine.plugin_text import help_text, list_text, rows
from aiwebengine.roster import Fault, Offer, Roster

_COUNT = itertools.count()

DROPIN = """
import attrs
from zope.interface import implementer
from aiwebengine.interfaces import IPlugin

@implementer(IPlugin)
@attrs.frozen
class Plain:
    name: str
    summary: str = "A plain one."
    section: str | None = None
    settings: type | None = None
    requires: tuple[str, ...] = ()

    def build(self, settings, services):
        return object()

plugin = Plain({name!r})
"""


class Bounds(msgspec.Struct):
    """A table within a section."""

    low: float = 0.5


class Knobs(msgspec.Struct, kw_only=True):
    """A schema with one field of each kind."""

    url: Annotated[str, msgspec.Meta(description="Where it is.", pattern="^redis:")]
    timeout_ms: Annotated[int, msgspec.Meta(description="How long to wait.", ge=1, le=60_000)] = 5000
    weight: Annotated[float, msgspec.Meta(extra={"unit": "kilograms"})] = 1.5
    keep_days: int | None = None
    mode: Literal["fast", "safe"] = "safe"
    hosts: list[str] = []
    rates: dict[str, int] = {}
    verbose: Annotated[bool, msgspec.Meta(extra={"defaults": {"development": True}})] = False
    lamps: dict[str, Bounds] = {}
    bounds: Bounds = msgspec.field(default_factory=Bounds)


@implementer(IPlugin)
@attrs.frozen
class Sample:
    """A plugin made for a test."""

    name: str
    requires: Any = ()
    section: str | None = None
    settings: Any = None
    summary: str = "A sample."

    def build(self, settings: Any, services: IServices) -> object:
        """Give anything."""
        return object()


def offers(*samples: Sample) -> Roster:
    """Give a roster of usable plugins."""
    return Roster(tuple(Offer(sample, f"origin of {sample.name}") for sample in samples))


class DiscoveryCase(SynchronousTestCase):
    """Makes packages, directories and distributions, and takes them away again."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).resolve()
        self.root.mkdir(parents=True)
        self.patch(sys, "path", [str(self.root), *sys.path])
        before = set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - before])

    def package(self, **modules: str) -> ModuleType:
        """Make and import a plugin package holding the modules."""
        name = f"sample_plugins_{next(_COUNT)}"
        self.files(self.root / name, __init__="", **modules)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    def files(self, directory: Path, **modules: str) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        for stem, text in modules.items():
            (directory / f"{stem}.py").write_text(text)
        return directory

    def entries(self, *values: str, name: str = "redis") -> list[importlib.metadata.EntryPoint]:
        """Install a distribution ``sample-dist 1.2`` with those entry points."""
        info = self.root / "sample_dist-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-dist\nVersion: 1.2\n")
        lines = "".join(f"{name}{number or ''} = {value}\n" for number, value in enumerate(values))
        (info / "entry_points.txt").write_text(f"[aiwebengine.plugins]\n{lines}")
        dist = importlib.metadata.PathDistribution(info)
        return [entry for entry in dist.entry_points if entry.group == "aiwebengine.plugins"]

    def discover(
        self, package: ModuleType | None = None, entries: Any = (), directories: Any = (), owner: str = ""
    ) -> Roster:
        return discover(package, entries, directories, lambda file: owner)

    def only_fault(self, roster: Roster) -> Fault:
        self.assertEqual(roster.offers, ())
        (fault,) = roster.faults
        return fault


class DropInTests(DiscoveryCase):
    """Modules of the plugin package."""

    def test_found_with_its_file(self) -> None:
        """A drop-in nothing owns is known by its file."""
        package = self.package(one=DROPIN.format(name="one"))
        roster = self.discover(package)
        self.assertEqual([offer.name for offer in roster.offers], ["one"])
        self.assertEqual(roster.offers[0].origin, str(self.root / package.__name__ / "one.py"))

    def test_found_with_its_distribution(self) -> None:
        """A drop-in of a distribution is known by that and its file."""
        roster = self.discover(self.package(one=DROPIN.format(name="one")), owner="pkg 3.4")
        self.assertEqual(roster.offers[0].origin, "pkg 3.4 (one.py)")

    def test_in_every_directory_of_the_package(self) -> None:
        """A second directory of the package's path is read too."""
        package = self.package(one=DROPIN.format(name="one"))
        package.__path__.append(str(self.files(self.root / "more", two=DROPIN.format(name="two"))))
        self.assertEqual([offer.name for offer in self.discover(package).offers], ["one", "two"])

    def test_directories_that_do_not_exist(self) -> None:
        """pluginPackagePaths names directories that may not exist; they are passed over."""
        package = self.package(one=DROPIN.format(name="one"))
        package.__path__.append(str(self.root / "nowhere"))
        self.assertEqual(self.discover(package).faults, ())

    def test_hidden_by_the_same_file_name(self) -> None:
        """Of two files of one name the second is reported, with both paths."""
        package = self.package(one=DROPIN.format(name="one"))
        more = self.files(self.root / "more", one=DROPIN.format(name="other"))
        package.__path__.append(str(more))
        roster = self.discover(package)
        self.assertEqual([offer.name for offer in roster.offers], ["one"])
        self.assertEqual(roster.faults[0].origin, str(more / "one.py"))
        self.assertIn(str(self.root / package.__name__ / "one.py"), roster.faults[0].reason)

    def test_import_error_names_the_line(self) -> None:
        """A drop-in that does not import is a fault with error, file and line; the others are found."""
        package = self.package(
            aiwebengine_redis_dropin="import os\nimport no_such_thing_\n", one=DROPIN.format(name="one")
        )
        roster = self.discover(package)
        self.assertEqual([offer.name for offer in roster.offers], ["one"])
        (fault,) = roster.faults
        self.assertEqual(fault.names[-1], "redis")
        self.assertIn("ModuleNotFoundError: No module named 'no_such_thing_'", fault.reason)
        self.assertIn("aiwebengine_redis_dropin.py:2)", fault.reason)
        self.assertNotIn("\n", fault.reason)

    def test_exit_while_importing(self) -> None:
        """A drop-in that calls sys.exit does not end the process."""
        fault = self.only_fault(self.discover(self.package(one="raise SystemExit('no licence')")))
        self.assertIn("SystemExit: no licence", fault.reason)

    def test_nothing_logged(self) -> None:
        """Neither a broken drop-in nor a read-only directory puts an error into the log."""
        package = self.package(one="1 / 0")
        directory = self.root / package.__name__
        directory.chmod(0o500)
        self.addCleanup(directory.chmod, 0o700)
        self.discover(package)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_no_cache_is_written(self) -> None:
        """No dropin.cache appears beside the drop-ins."""
        package = self.package(one=DROPIN.format(name="one"))
        self.discover(package)
        self.assertNotIn("dropin.cache", os.listdir(self.root / package.__name__))

    def test_with_a_cache(self) -> None:
        """The cache which twisted.plugin leaves, also a stale one, changes nothing."""
        package = self.package(one=DROPIN.format(name="one"), two=DROPIN.format(name="two"))
        self.assertEqual(len(list(getPlugins(IPlugin, package))), 2)
        cache = self.root / package.__name__ / "dropin.cache"
        self.assertTrue(cache.exists())
        (self.root / package.__name__ / "two.py").unlink()
        self.assertEqual([offer.name for offer in self.discover(package).offers], ["one"])
        cache.write_bytes(b"cos\nabort\n(tR.")
        self.assertEqual([offer.name for offer in self.discover(package).offers], ["one"])

    def test_private_modules_are_not_plugins(self) -> None:
        """A module whose name starts with an underscore is a helper."""
        self.assertEqual(self.discover(self.package(_helper="1 / 0")), Roster(()))

    def test_module_without_a_plugin(self) -> None:
        """A module that holds no plugin is a fault."""
        self.assertIn("holds no object", self.only_fault(self.discover(self.package(one="x = 1"))).reason)

    def test_same_object_twice(self) -> None:
        """An alias, or an import from another module, does not list a plugin twice."""
        text = DROPIN.format(name="one")
        package = self.package(one=text + "\nalias = plugin\n")
        name = package.__name__
        self.files(self.root / name, two=f"from {name}.one import plugin\n")
        importlib.invalidate_caches()
        self.assertEqual(len(self.discover(package).offers), 1)


class EntryPointTests(DiscoveryCase):
    """Entry points of the group aiwebengine.plugins."""

    def test_found_with_distribution_and_version(self) -> None:
        """The origin names distribution, version and object."""
        self.files(self.root, ep_module=DROPIN.format(name="redis"))
        roster = self.discover(entries=self.entries("ep_module:plugin"))
        self.assertEqual(roster.offers[0].origin, "sample-dist 1.2 (ep_module:plugin)")

    def test_broken(self) -> None:
        """An entry point that does not load is a fault known by the entry point's name."""
        fault = self.only_fault(self.discover(entries=self.entries("ep_missing_:plugin")))
        self.assertEqual((fault.names, fault.origin), (("redis",), "sample-dist 1.2 (ep_missing_:plugin)"))
        self.assertIn("No module named 'ep_missing_'", fault.reason)

    def test_class_instead_of_instance(self) -> None:
        """Naming the class is explained."""
        self.files(self.root, ep_class=DROPIN.format(name="redis"))
        fault = self.only_fault(self.discover(entries=self.entries("ep_class:Plain")))
        self.assertIn("Plain is a class; offer an instance of it", fault.reason)

    def test_same_object_as_a_drop_in(self) -> None:
        """A distribution may offer one object both ways."""
        package = self.package(one=DROPIN.format(name="one"))
        roster = self.discover(package, self.entries(f"{package.__name__}.one:plugin"))
        self.assertEqual(len(roster.offers), 1)

    def test_without_a_distribution(self) -> None:
        """An entry point made by hand is known by its value."""
        self.files(self.root, ep_alone=DROPIN.format(name="redis"))
        entry = importlib.metadata.EntryPoint("x", "ep_alone:plugin", "aiwebengine.plugins")
        self.assertEqual(self.discover(entries=[entry]).offers[0].origin, "entry point ep_alone:plugin")


class DirectoryTests(DiscoveryCase):
    """One-off directories."""

    def test_found(self) -> None:
        """A file of the directory is found and known by its path; nothing is written beside it."""
        directory = self.files(self.root / "mine", one=DROPIN.format(name="one"))
        roster = self.discover(directories=[directory])
        self.assertEqual(roster.offers[0].origin, str(directory / "one.py"))
        self.assertNotIn("dropin.cache", os.listdir(directory))

    def test_same_file_name_in_two_directories(self) -> None:
        """Directories do not hide each other's files."""
        places = [
            self.files(self.root / place, plugin=DROPIN.format(name=place)) for place in ("east", "west")
        ]
        self.assertEqual([offer.name for offer in self.discover(directories=places).offers], ["east", "west"])

    def test_again_gives_the_same_objects(self) -> None:
        """A second discovery does not import anew."""
        directory = self.files(self.root / "mine", one=DROPIN.format(name="one"))
        first = self.discover(directories=[directory]).offers[0].plugin
        self.assertIs(self.discover(directories=[directory]).offers[0].plugin, first)

    def test_package_with_modules_of_its_own(self) -> None:
        """A sub-directory with __init__.py is one plugin and may import its own modules."""
        directory = self.root / "mine"
        self.files(directory / "big", __init__="from .inner import plugin\n", inner=DROPIN.format(name="big"))
        self.assertEqual([offer.name for offer in self.discover(directories=[directory]).offers], ["big"])

    def test_broken(self) -> None:
        """A file that does not import is a fault, known by its name; it is tried again next time."""
        directory = self.files(self.root / "mine", one="def (:\n", _two="1 / 0")
        for _ in range(2):
            fault = self.only_fault(self.discover(directories=[directory]))
            self.assertIn("one", fault.names)
            self.assertIn("SyntaxError", fault.reason)

    def test_no_directory(self) -> None:
        """A directory that is not there stops the start."""
        roster = self.discover(directories=[self.root / "absent"])
        with self.assertRaises(PluginUnusable) as caught:
            roster.plan()
        self.assertIn("is no directory", str(caught.exception))


class VerificationTests(DiscoveryCase):
    """What an object must be to count as a plugin."""

    def fault_of(self, **changes: Any) -> Fault:
        module = ModuleType("checked_plugin_")
        module.plugin = attrs.evolve(Sample("good"), **changes)  # type: ignore[attr-defined]
        sys.modules["checked_plugin_"] = module
        entry = importlib.metadata.EntryPoint("checked", "checked_plugin_:plugin", "aiwebengine.plugins")
        return self.only_fault(self.discover(entries=[entry]))

    def test_incomplete(self) -> None:
        """verifyObject's complaint is given on one line."""
        text = DROPIN.format(name="one").replace("def build(", "def other(")
        fault = self.only_fault(self.discover(self.package(one=text)))
        self.assertIn("does not provide IPlugin", fault.reason)
        self.assertIn("build", fault.reason)
        self.assertEqual(fault.names, ("one",))

    def test_name(self) -> None:
        """A name must fit a configuration file."""
        self.assertIn("'Not Good' is not of the form", self.fault_of(name="Not Good").reason)

    def test_requires_as_text(self) -> None:
        """A forgotten comma in requires is found."""
        self.assertIn("not a sequence of plugin names", self.fault_of(requires="other").reason)

    def test_settings_not_a_struct(self) -> None:
        """Settings are described by a msgspec.Struct."""
        self.assertIn("not a msgspec.Struct", self.fault_of(settings=dict, section="good").reason)

    def test_settings_without_section(self) -> None:
        """Settings need a section."""
        self.assertIn("no section", self.fault_of(settings=Knobs).reason)


class PlanTests(SynchronousTestCase):
    """Which plugins are built, in which order, and why not the others."""

    def names(self, roster: Roster, **choice: Any) -> list[str]:
        return [offer.name for offer in roster.plan(**choice).order]

    def refused(self, roster: Roster, **choice: Any) -> str:
        with self.assertRaises(PluginUnusable) as caught:
            roster.plan(**choice)
        text = str(caught.exception)
        self.assertNotIn("\n", text)
        return text

    def test_order(self) -> None:
        """Each comes after what it requires; names settle the rest."""
        roster = offers(Sample("c"), Sample("a", ["d"]), Sample("d", ["b"]), Sample("b"))
        self.assertEqual(self.names(roster), ["b", "c", "d", "a"])

    def test_disabled(self) -> None:
        """A disabled plugin is left out without a warning."""
        plan = offers(Sample("a"), Sample("b")).plan(disabled=["a"])
        self.assertEqual([offer.name for offer in plan.order], ["b"])
        self.assertEqual(plan.warnings, ())

    def test_all_disabled_but_the_enabled(self) -> None:
        """disabled = ["*"] leaves what enabled names."""
        roster = offers(Sample("a"), Sample("b"))
        self.assertEqual(self.names(roster, disabled=["*"], enabled=["b"]), ["b"])

    def test_enabled_and_disabled(self) -> None:
        """Saying both is refused."""
        text = self.refused(offers(Sample("a")), disabled=["a"], enabled=["a"])
        self.assertIn("both enabled and disabled", text)

    def test_enabled_but_missing(self) -> None:
        """A plugin to be enabled that is not installed stops the start and names the nearest."""
        text = self.refused(offers(Sample("redis")), enabled=["rediss"])
        self.assertEqual(text, "plugin 'rediss' (nowhere): is not installed; did you mean 'redis'?")

    def test_broken_and_enabled(self) -> None:
        """A broken plugin that is enabled stops the start with its origin and reason."""
        roster = Roster((), (Fault(("aiwebengine_redis", "redis"), "redis.py", "cannot be imported"),))
        text = self.refused(roster, enabled=["redis"])
        self.assertEqual(text, "plugin 'redis' (redis.py): cannot be imported")

    def test_broken_with_its_section_present(self) -> None:
        """So does one whose section is in the configuration."""
        roster = Roster((), (Fault(("redis",), "redis.py", "cannot be imported"),))
        self.assertIn("redis.py", self.refused(roster, sections=["server", "redis"]))

    def test_broken_and_unused(self) -> None:
        """One nobody asked for is a warning."""
        plan = Roster((), (Fault(("redis",), "redis.py", "cannot be imported"),)).plan(sections=["server"])
        self.assertEqual(plan.warnings, ("plugin 'redis' (redis.py): cannot be imported",))

    def test_broken_and_disabled(self) -> None:
        """One that is disabled is not even that."""
        roster = Roster((), (Fault(("aiwebengine_redis", "redis"), "redis.py", "cannot be imported"),))
        for disabled in (["redis"], ["aiwebengine_redis"], ["*"]):
            self.assertEqual(roster.plan(disabled=disabled).warnings, ())

    def test_two_of_one_name(self) -> None:
        """Two different plugins of one name are refused, both origins named."""
        roster = Roster((Offer(Sample("a"), "first 1.0"), Offer(Sample("a"), "second 2.0")))
        text = self.refused(roster)
        self.assertIn("first 1.0 and second 2.0", text)
        self.assertIn("the name 'a' is claimed 2 times", text)
        self.assertEqual(self.names(roster, disabled=["a"]), [])

    def test_two_of_one_section(self) -> None:
        """Two plugins that own one section are refused until one is disabled."""
        roster = offers(Sample("a", section="s"), Sample("b", section="s"))
        self.assertIn("the section 's' is claimed 2 times", self.refused(roster))
        self.assertEqual(self.names(roster, disabled=["b"]), ["a"])

    def test_unmet_requirement(self) -> None:
        """What requires something absent is left out, and what requires that in turn, with the chain."""
        plan = offers(Sample("a", ["b"]), Sample("b", ["gone"]), Sample("c")).plan()
        self.assertEqual([offer.name for offer in plan.order], ["c"])
        self.assertEqual(
            plan.warnings,
            (
                "plugin 'b' (origin of b): requires 'gone', which is not installed",
                "plugin 'a' (origin of a): requires 'b', which requires 'gone', which is not installed",
            ),
        )

    def test_unmet_requirement_of_a_configured_one(self) -> None:
        """A configured plugin whose requirement is unusable stops the start."""
        roster = offers(Sample("a", ["b"], section="s"), Sample("b"))
        self.assertEqual(
            self.refused(roster, sections=["s"], disabled=["b"]),
            "plugin 'a' (origin of a): requires 'b', which is disabled in [plugins]",
        )

    def test_cycle(self) -> None:
        """Plugins that require each other are left out and the circle is shown."""
        plan = offers(Sample("a", ["b"]), Sample("b", ["a"]), Sample("c", ["a"]), Sample("d")).plan()
        self.assertEqual([offer.name for offer in plan.order], ["d"])
        self.assertEqual([item.name for item in plan.left_out], ["a", "b", "c"])
        self.assertRegex(plan.left_out[0].reason, "requires itself: (a → b → a|b → a → b)")

    def test_schemas(self) -> None:
        """The sections' schemas are there for the configuration to validate."""
        roster = offers(Sample("a", section="s", settings=Knobs), Sample("b", section="t"))
        self.assertEqual(roster.schemas(), {"s": Knobs})

    def test_offer(self) -> None:
        """One plugin is found by its name; none, a broken one, and two are explained."""
        twice = Roster(
            (Offer(Sample("a"), "first"), Offer(Sample("a"), "second"), Offer(Sample("b"), "third")),
            (Fault(("c",), "fourth", "broken"),),
        )
        self.assertEqual(twice.offer("b").origin, "third")
        for name, text in (("a", "claimed 2 times"), ("c", "broken"), ("d", "is not installed")):
            with self.assertRaises(PluginUnusable) as caught:
                twice.offer(name)
            self.assertIn(text, str(caught.exception))


class TextTests(SynchronousTestCase):
    """--list-plugins and --help-plugin."""

    def test_list(self) -> None:
        """Each plugin has a line with state, section and origin; what is wrong stands last."""
        roster = offers(Sample("a", section="s"), Sample("b"), Sample("c", ["gone"]))
        lines = list_text(roster.survey(disabled=["b"], enabled=["d"])).splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "STATE", "SECTION", "ORIGIN", "SUMMARY"])
        self.assertRegex(lines[1], r"^a +on +\[s\] +origin of a +A sample\.$")
        self.assertRegex(lines[2], r"^b +disabled +- +origin of b +disabled in \[plugins\]$")
        self.assertRegex(lines[3], r"^c +unusable +- +origin of c +requires 'gone', which is not installed$")
        self.assertRegex(lines[4], r"^d +missing +- +nowhere +is not installed$")

    def test_rows(self) -> None:
        """The same as data."""
        self.assertEqual(
            rows(offers(Sample("a", section="s")).survey()),
            [
                {
                    "name": "a",
                    "state": "on",
                    "section": "s",
                    "origin": "origin of a",
                    "summary": "A sample.",
                    "reason": "",
                }
            ],
        )

    def test_help(self) -> None:
        """Each setting is shown with type, unit, bounds, default and description."""
        sample = Sample("redis", ["bus"], section="redis", settings=Knobs, summary="Keeps things.")
        self.assertEqual(
            help_text(Offer(sample, "sample-dist 1.2")),
            """redis: Keeps things.
  from sample-dist 1.2
  requires bus

[redis]
  url  (a string, matching ^redis:; must be set)
      Where it is.
  timeout_ms  (an integer from 1 to 60000, milliseconds; default 5000)
      How long to wait.
  weight  (a number, kilograms; default 1.5)
  keep_days  (an integer, days; default null)
  mode  (one of "fast", "safe"; default "safe")
  hosts  (a list, each item a string; default [])
  rates  (a table; default {})
  verbose  (true or false; default false, in development true)
  lamps  (a table; default {})
  lamps.NAME.low  (a number; default 0.5)
  bounds  (a table)
  bounds.low  (a number; default 0.5)
""",
        )

    def test_help_without_settings(self) -> None:
        """A plugin without settings says so."""
        self.assertIn("has no settings", help_text(Offer(Sample("a"), "here")))


class InstalledTests(DiscoveryCase):
    """The roster of the running environment."""

    def test_built_ins_are_usable(self) -> None:
        """Every built-in plugin can be used, and is known as ours."""
        roster = discover_installed([self.files(self.root / "mine", one=DROPIN.format(name="one"))])
        self.assertEqual([str(fault) for fault in roster.faults if "aiwebengine " in fault.origin], [])
        self.assertIn("one", [offer.name for offer in roster.offers])

    def test_owner_by_record(self) -> None:
        """The distribution whose RECORD lists a drop-in owns it."""
        self.entries()
        file = self.root / "aiwebengine" / "plugins" / "extra.py"
        record = "aiwebengine/plugins/extra.py,,\n"
        (self.root / "sample_dist-1.2.dist-info" / "RECORD").write_text(record)
        owner = ownership()
        self.assertEqual(owner(file), "sample-dist 1.2")
        self.assertEqual(owner(self.root / "aiwebengine" / "plugins" / "other.py"), "")

    def test_owner_of_our_own_in_a_checkout(self) -> None:
        """A drop-in beside our package is ours also where no RECORD lists it."""
        own = importlib.import_module("aiwebengine")
        file = Path(str(own.__file__)).parent / "plugins" / "never_there.py"
        self.assertEqual(ownership()(file), f"aiwebengine {own.VERSION}")
