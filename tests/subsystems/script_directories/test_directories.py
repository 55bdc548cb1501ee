"""Tests for aiwebengine.subsystems.script_directories."""

import os
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

import aiwebengine
from aiwebengine.errors import ConfigurationInvalid, HTTPProblem
from aiwebengine.interfaces import IEngineService, IPlugin, IServices
from aiwebengine.plugins.aiwebengine_script_directories import script_directories
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.subsystems.script_directories import files, service
from aiwebengine.subsystems.script_directories.files import list_scripts, read_source
from aiwebengine.subsystems.script_directories.sync import DirectorySync
from aiwebengine.subsystems.script_directories.watch import Watch, notifications
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services


class Folder:
    """A directory of scripts; every write is a new modification time."""

    def __init__(self, path):
        self.path = Path(path).absolute()
        self.path.mkdir(parents=True)
        self.ticks = 1_000_000_000

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.ticks += 1_000_000_000
        os.utime(path, ns=(self.ticks, self.ticks))
        return path


class FilesTests(SynchronousTestCase):
    """Which files are scripts."""

    def setUp(self):
        self.folder = Folder(self.mktemp())

    def uris(self, *directories):
        return list(list_scripts(directories or [self.folder.path]).files)

    def test_recursive(self):
        """Files below a directory have their relative path as URI."""
        for name in ("b.js", "sub/a.js", "sub/deep/x.y.js"):
            self.folder.write(name, "")
        self.assertEqual(sorted(self.uris()), ["b.js", "sub/a.js", "sub/deep/x.y.js"])

    def test_left_out(self):
        """Hidden files, packages, tests, typings and other kinds are no scripts."""
        for name in (
            ".hidden.js",
            ".git/a.js",
            "node_modules/a.js",
            "sub/node_modules/a.js",
            "a.test.js",
            "a.d.ts",
            "a.ts",
            "readme.md",
            "a.js~",
            ".a.js.swp",
        ):
            self.folder.write(name, "")
        self.folder.write("dir.js/inner.js", "")
        self.assertEqual(self.uris(), ["dir.js/inner.js"])

    def test_links(self):
        """Links are followed, loops end, dangling ones are told."""
        self.folder.write("a.js", "")
        (self.folder.path / "loop").symlink_to(self.folder.path)
        (self.folder.path / "dangling.js").symlink_to("nowhere")
        other = Folder(self.mktemp())
        other.write("o.js", "")
        (self.folder.path / "other").symlink_to(other.path)
        listing = list_scripts([self.folder.path])
        self.assertEqual(list(listing.files), ["a.js", "other/o.js"])
        self.assertEqual(
            listing.problems,
            ((str(self.folder.path / "dangling.js"), "cannot be read: No such file or directory"),),
        )

    def test_bad_name(self):
        """A name that cannot be a URI is told, the others are found."""
        self.folder.write("a b.js", "")
        self.folder.write("c.js", "")
        listing = list_scripts([self.folder.path])
        self.assertEqual(list(listing.files), ["c.js"])
        self.assertIn("not allowed", listing.problems[0][1])

    def test_two_directories(self):
        """Of two files with one URI the first directory's counts, and this is told."""
        other = Folder(self.mktemp())
        self.folder.write("a.js", "mine")
        other.write("a.js", "theirs")
        listing = list_scripts([self.folder.path, other.path])
        self.assertEqual(listing.files["a.js"].directory, self.folder.path)
        self.assertIn("hidden by", listing.problems[0][1])

    def test_directory_that_vanished(self):
        """A directory that cannot be listed is told."""
        listing = list_scripts([self.folder.path / "gone"])
        self.assertEqual((listing.files, len(listing.problems)), ({}, 1))
        self.assertIn("cannot be listed", listing.problems[0][1])

    def test_read(self):
        """Text is UTF-8, without a byte order mark, line ends as they are."""
        path = self.folder.write("a.js", b"\xef\xbb\xbfa\r\n\xc3\xbc")
        self.assertEqual(read_source(path), "a\r\nü")

    def test_unreadable(self):
        """What cannot be read says why."""
        path = self.folder.write("a.js", b"ok \xff")
        self.assertEqual(str(self.assertRaises(ValueError, read_source, path)), "not UTF-8: byte 3 is 0xff")
        self.assertIn("cannot be read", str(self.assertRaises(ValueError, read_source, path / "x")))
        self.patch(files, "MAX_FILE_BYTES", 3)
        self.assertIn("larger than 3 bytes", str(self.assertRaises(ValueError, read_source, path)))


class SyncTests(SynchronousTestCase):
    """Importing."""

    def setUp(self):
        self.folder = Folder(self.mktemp())
        self.repository = MemoryRepository()
        self.clock = Clock()
        self.restart()

    def restart(self):
        """Start an engine on the same repository."""
        self.helper = RegistryHelper(self, repository=self.repository)
        self.events = []
        self.sync = DirectorySync(
            [self.folder.path],
            self.helper.registry,
            self.repository,
            self.helper.script_log,
            self.clock,
            Logger(observer=self.events.append),
        )

    def first(self):
        self.helper.wait(self.sync.first())

    def changes(self):
        return self.helper.wait(self.sync.changes())

    def said(self):
        return [formatEvent(event) for event in self.events]

    def current(self, uri="a.js"):
        script = self.helper.registry.record(uri).script
        return script.version, script.author, script.source

    def test_req_js_007_first(self):
        """All scripts are loaded, as at a start, and one that fails does not stop the others."""
        self.folder.write("a.js", "GET /a")
        self.folder.write("b.js", "throw boom")
        self.folder.write("c.js", b"\xff")
        self.folder.write("d/d.js", "GET /d")
        self.first()
        self.assertEqual(self.helper.answers("GET", "/d"), ("d/d.js", 1, {}))
        self.assertEqual(self.current(), (1, "directory", "GET /a"))
        self.assertEqual({load[2] for load in self.helper.pool.loads}, {True})
        record = self.helper.registry.record("b.js")
        self.assertEqual((record.status, record.error.message), ("failed", "boom"))
        self.assertEqual(
            self.helper.logged(script="c.js")[0][2].partition(": ")[2], "not UTF-8: byte 0 is 0xff"
        )
        self.assertIn(f"2 scripts of {self.folder.path} are loaded (2 failed) after 0 ms", self.said())
        self.assertTrue(any("b.js does not load: b.js:1: boom" in text for text in self.said()))

    def test_restart(self):
        """After a restart an unchanged file makes no new version, a changed one does."""
        self.folder.write("a.js", "GET /a")
        self.folder.write("b.js", "GET /b")
        self.first()
        self.folder.write("b.js", "GET /b2")
        self.restart()
        self.first()
        self.assertEqual(self.current()[0], 1)
        self.assertEqual(self.current("b.js")[::2], (2, "GET /b2"))

    def test_api_edit_survives(self):
        """An edit through the API stays over a restart, until the file itself changes."""
        self.folder.write("a.js", "GET /a")
        self.first()
        self.helper.put("a.js", "GET /edited", author="ann")
        self.folder.write("a.js", "GET /a")
        self.changes()
        self.restart()
        self.first()
        self.assertEqual(self.current(), (2, "ann", "GET /edited"))
        self.folder.write("a.js", "GET /from-file")
        self.restart()
        self.first()
        self.assertEqual(self.current(), (3, "directory", "GET /from-file"))

    def test_existing_script_of_the_api(self):
        """A file for a script that only the API knew is imported."""
        self.helper.put("a.js", "GET /api", author="ann")
        self.folder.write("a.js", "GET /file")
        self.first()
        self.assertEqual(self.current(), (2, "directory", "GET /file"))

    def test_deleted_while_stopped(self):
        """A file that went away while the engine was stopped takes its script along; other origins stay."""
        self.folder.write("a.js", "GET /a")
        self.folder.write("edited.js", "GET /e")
        self.first()
        self.helper.put("edited.js", "GET /e2", author="ann")
        self.helper.put("elsewhere.js", "GET /x", author="directory", message="from /other")
        self.helper.put("api.js", "GET /y")
        (self.folder.path / "a.js").unlink()
        (self.folder.path / "edited.js").unlink()
        self.restart()
        self.first()
        self.assertEqual(
            [one.uri for one in self.helper.registry.records()], ["api.js", "edited.js", "elsewhere.js"]
        )

    def test_req_dev_002_changed(self):
        """A changed file is reloaded, and how long it took is said."""
        self.folder.write("a.js", "GET /a")
        self.first()
        self.changes()
        self.assertEqual(self.current()[0], 1)
        self.folder.write("a.js", "GET /a2")
        self.assertFalse(self.changes())
        self.assertEqual(self.helper.answers("GET", "/a2"), ("a.js", 2, {}))
        self.assertEqual(self.said()[-1], "reloaded a.js in 0 ms")
        self.assertEqual(len(self.helper.pool.loads), 2)

    def test_touched(self):
        """A file that only got a new time is not loaded again."""
        self.folder.write("a.js", "GET /a")
        self.first()
        self.folder.write("a.js", "GET /a")
        self.changes()
        self.assertEqual(len(self.helper.pool.loads), 1)

    def test_broken_and_mended(self):
        """A broken edit keeps the old version; taking it back clears the failure."""
        self.folder.write("a.js", "GET /a")
        self.first()
        self.folder.write("a.js", "throw boom")
        self.changes()
        self.assertEqual(self.helper.answers("GET", "/a"), ("a.js", 1, {}))
        self.assertEqual(self.helper.registry.record("a.js").status, "failed")
        self.changes()
        self.assertEqual(len(self.helper.pool.loads), 2)
        self.folder.write("a.js", "GET /a")
        self.changes()
        self.assertEqual(self.helper.registry.record("a.js").status, "live")

    def test_deleted(self):
        """A file missing at two looks in a row takes its script along."""
        path = self.folder.write("a.js", "GET /a")
        self.first()
        path.unlink()
        self.assertTrue(self.changes())
        self.assertEqual(self.helper.answers("GET", "/a"), ("a.js", 1, {}))
        self.assertFalse(self.changes())
        self.assertIsNone(self.helper.answers("GET", "/a"))
        self.assertEqual(self.said()[-1], "deleted a.js, its file is gone")
        self.folder.write("a.js", "GET /a")
        self.changes()
        self.assertEqual(self.helper.answers("GET", "/a"), ("a.js", 2, {}))

    def test_moved_away_for_a_moment(self):
        """A save by rename, seen half done, is a change and no deletion."""
        path = self.folder.write("a.js", "GET /a")
        self.first()
        path.rename(path.with_name("a.js~"))
        self.assertTrue(self.changes())
        self.folder.write("a.js", "GET /a2")
        self.assertFalse(self.changes())
        self.assertEqual(self.current()[0], 2)
        path.unlink()
        self.assertTrue(self.changes())
        self.assertFalse(self.changes())

    def test_deleted_file_of_an_edited_script(self):
        """A script edited through the API outlives its file."""
        path = self.folder.write("a.js", "GET /a")
        self.first()
        self.helper.put("a.js", "GET /edited", author="ann")
        path.unlink()
        self.changes()
        self.changes()
        self.assertEqual(self.current()[1], "ann")
        self.assertIn("by ann stays", self.said()[-1])

    def test_deleted_failed_file(self):
        """The failure of a file that never loaded is forgotten with the file."""
        path = self.folder.write("a.js", "throw boom")
        self.first()
        path.unlink()
        self.changes()
        self.changes()
        self.assertEqual(list(self.helper.registry.records()), [])

    def test_delete_fails(self):
        """A deletion that fails is said."""
        path = self.folder.write("a.js", "GET /a")
        self.first()

        async def delete(uri, author="", expected_version=None):
            raise HTTPProblem(503, "X", "no")

        self.patch(self.helper.registry, "delete", delete)
        path.unlink()
        self.changes()
        self.changes()
        self.assertIn("deleting a.js failed", self.said()[-1])

    def test_conflict_resolved(self):
        """A script refused for another's route loads when the other gives it up."""
        self.folder.write("a.js", "GET /x")
        self.folder.write("b.js", "GET /x")
        self.first()
        self.assertIn("already registered by a.js", self.helper.registry.record("b.js").error.message)
        self.folder.write("a.js", "GET /y")
        self.changes()
        self.assertEqual(self.helper.answers("GET", "/x"), ("b.js", 1, {}))

    def test_too_large(self):
        """A file over the limit of scripts is said in the log."""
        helper = RegistryHelper(self, repository=self.repository, max_script_bytes=5)
        self.sync._registry, self.sync._script_log = helper.registry, helper.script_log
        self.folder.write("a.js", "GET /long")
        self.first()
        self.assertIn("javascript.max_script_bytes", helper.logged(script="a.js")[0][2])

    def test_no_sandbox(self):
        """When no sandbox is to be had the next look tries again."""
        self.folder.write("a.js", "GET /a")
        gate = self.helper.pool.gates["a.js"] = Deferred()
        gate.errback(HTTPProblem(503, "SERVICE_UNAVAILABLE", "no sandbox"))
        self.first()
        del self.helper.pool.gates["a.js"]
        self.changes()
        self.assertEqual(self.helper.answers("GET", "/a"), ("a.js", 1, {}))

    def test_problems_once(self):
        """A lasting problem is said once, and again when it comes back."""
        path = self.folder.write("a b.js", "")
        self.first()
        self.changes()
        self.assertEqual(len([text for text in self.said() if "not allowed" in text]), 1)
        path.unlink()
        self.changes()
        self.folder.write("a b.js", "")
        self.changes()
        self.assertEqual(len([text for text in self.said() if "not allowed" in text]), 2)


class ReactorClock(Clock):
    """A clock that also takes calls from threads."""

    def callFromThread(self, call, *arguments):
        self.callLater(0, call, *arguments)


class WatchTests(SynchronousTestCase):
    """When to look."""

    def setUp(self):
        self.clock = ReactorClock()
        self.looks = []
        self.ended = 0
        self.watch = Watch(self.clock, [Path("d")], self.look, self.notify)

    def notify(self, directories, changed):
        self.changed = changed
        return self.end

    def end(self):
        self.ended += 1

    async def look(self):
        result = Deferred()
        self.looks.append(result)
        return await result

    def finish(self, again=False):
        self.looks[-1].callback(again)

    def test_after_a_burst(self):
        """A burst of events gives one look when it is quiet."""
        self.watch.start()
        for _ in range(5):
            self.changed()
            self.clock.advance(0.04)
        self.assertEqual(len(self.looks), 0)
        self.clock.advance(0.06)
        self.assertEqual(len(self.looks), 1)

    def test_endless_burst(self):
        """Events that never stop do not put the look off for ever."""
        self.watch.start()
        for _ in range(15):
            self.changed()
            self.clock.advance(0.04)
        self.assertEqual(len(self.looks), 1)

    def test_change_while_looking(self):
        """A change during a look gives another look afterwards, never two at once."""
        self.watch.start()
        self.changed()
        self.clock.advance(0)
        self.clock.advance(0.1)
        self.changed()
        self.clock.advance(1)
        self.assertEqual(len(self.looks), 1)
        self.finish()
        self.clock.advance(0.06)
        self.assertEqual(len(self.looks), 2)

    def test_again_soon(self):
        """A look may ask for another one soon."""
        self.watch.start()
        self.clock.advance(2)
        self.finish(again=True)
        self.clock.advance(0.3)
        self.assertEqual(len(self.looks), 2)

    def test_without_notifications(self):
        """Without notifications it looks twice a second, and says why; with them every two seconds."""
        for notify, seconds in ((self.notify, 2.0), (self.refuse, 0.5)):
            self.looks.clear()
            watch = Watch(self.clock, [], self.look, notify)
            watch.start()
            for _ in range(3):
                self.clock.advance(seconds)
                self.finish()
            self.assertEqual(len(self.looks), 3)
            self.successResultOf(Deferred.fromCoroutine(watch.stop()))

    def refuse(self, directories, changed):
        raise OSError("inotify watch limit reached")

    def test_failing_look(self):
        """A look that fails is logged, and the next one comes."""
        self.watch.start()
        self.clock.advance(2)
        self.looks[-1].errback(RuntimeError("x"))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.clock.advance(2)
        self.assertEqual(len(self.looks), 2)

    def test_stop(self):
        """Stopping waits for the look under way and leaves nothing behind."""
        self.watch.start()
        self.clock.advance(2)
        stopped = Deferred.fromCoroutine(self.watch.stop())
        self.assertNoResult(stopped)
        self.changed()
        self.clock.advance(1)
        self.finish(again=True)
        self.successResultOf(stopped)
        self.assertEqual((self.ended, self.clock.getDelayedCalls()), (1, []))


class ServiceTests(SynchronousTestCase):
    """The plugin and its service."""

    def setUp(self):
        self.folder = Folder(self.mktemp())
        self.helper = RegistryHelper(self)

    def services(self, **settings):
        settings = {"directories": (), "watch": False, "example_scripts": False} | settings
        services = Services(self.helper, ReactorClock(), Configuration(scripts=settings))
        verifyObject(IServices, services)
        return services

    def build(self, **settings):
        return script_directories.build(None, self.services(**settings))

    def test_plugin(self):
        """The descriptor is one; without directories there is no service."""
        verifyObject(IPlugin, script_directories)
        self.assertIsNone(self.build())

    def test_service(self):
        """The service imports at the start."""
        self.folder.write("a.js", "GET /a")
        made = self.build(directories=(str(self.folder.path),) * 2, watch=False)
        verifyObject(IEngineService, made)
        self.helper.wait(made.start())
        self.assertEqual(self.helper.answers("GET", "/a"), ("a.js", 1, {}))
        self.helper.wait(made.stop())

    def test_missing_directory(self):
        """A directory that does not exist stops the start, naming key and value."""
        made = self.build(directories=("/does/not/exist",), watch=False)
        error = self.helper.fails(made.start(), ConfigurationInvalid)
        self.assertIn("scripts.directories = '/does/not/exist'", str(error))

    def test_watch(self):
        """Watching is as configured."""
        directories = (str(self.folder.path),)
        self.assertIsNone(self.build(directories=directories)._watch)
        self.assertIsNotNone(self.build(directories=directories, watch=True)._watch)

    def test_watching_service(self):
        """With watching on, changes are imported until the service stops."""
        services = self.services(directories=(str(self.folder.path),), watch=True)
        clock = services.reactor
        made = service.build(services, notify=lambda *_: lambda: None)
        self.helper.wait(made.start())
        self.folder.write("a.js", "GET /a")
        clock.advance(2)
        self.assertEqual(self.helper.answers("GET", "/a"), ("a.js", 1, {}))
        self.helper.wait(made.stop())
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_examples(self):
        """The examples are those of the checkout, else of the package."""
        root = Path(self.mktemp()).absolute()
        (root / "aiwebengine").mkdir(parents=True)
        self.patch(aiwebengine, "__file__", str(root / "aiwebengine" / "__init__.py"))
        self.assertEqual(service.example_directory(), root / "aiwebengine" / "example_scripts")
        (root / "scripts" / "example_scripts").mkdir(parents=True)
        self.assertEqual(service.example_directory(), root / "scripts" / "example_scripts")
        made = self.build(example_scripts=True, watch=False)
        self.assertEqual(list(made._directories), [root / "scripts" / "example_scripts"])


class NotificationTests(TestCase):
    """The system's notifications, for real."""

    timeout = 300

    def test_real_file(self):
        """Writing a file is noticed."""
        folder = Folder(self.mktemp())
        noticed = Deferred()

        def changed():
            reactor.callFromThread(lambda: noticed.called or noticed.callback(None))

        end = notifications([folder.path], changed)
        self.addCleanup(end)
        folder.write("a.js", "GET /a")
        return noticed
