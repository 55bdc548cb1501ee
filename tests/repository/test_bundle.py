"""Export and import, backup and restore, as commands on real databases."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import zipfile
from pathlib import Path

from click.testing import CliRunner
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.cli import COMMANDS, LazyGroup
from aiwebengine.repository import open_database, open_repository
from aiwebengine.repository.bundle import Mode, import_records, open_bundle
from aiwebengine.repository.model import LogQuery, User
from aiwebengine.repository.namespaces import LOADS_NAMESPACE
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import ScriptChange
from tests.repository.test_migrations import FIXTURES
from tests.repository.test_postgresql import empty_database

MOMENT = 1_700_000_000.0


class CommandCase(SynchronousTestCase):
    """Runs commands in a directory of its own."""

    def setUp(self):
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(self.directory)
        self.count = 0

    def sqlite(self):
        self.count += 1
        return f"sqlite:///{self.directory}/{self.count}.db"

    def command(self, url, *arguments, fails=False, **variables):
        """Give the output of a command on a database."""
        clean = {name: None for name in os.environ if name.startswith("AIWEBENGINE_")}
        group = LazyGroup("aiwebengine", targets=COMMANDS)
        settings = ["--set", f"repository.database_url={url}"] if url else []
        result = CliRunner().invoke(group, [*arguments, *settings], env=clean | variables)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.assertEqual(result.exit_code, 1 if fails else 0, result.output)
        return result.output

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def repository(self, url):
        repository = open_repository(url, worker=InlineWorker(), now=lambda: MOMENT)
        self.addCleanup(lambda: self.wait(repository.close()))
        return repository

    def filled(self, url):
        """Give a database with something of every kind."""
        one = self.repository(url)
        self.wait(one.save([ScriptChange("a.js", "one\0\r\n", "ann", "m1"), ScriptChange("b.js", "grüße")]))
        self.wait(one.save([ScriptChange("a.js", "two", "bob"), ScriptChange("gone.js", "x")]))
        self.wait(one.save([ScriptChange("gone.js", None)]))
        self.wait(one.assets.put("i/a.png", bytes(range(256)), "image/png", {"w": [1, "\ud800"]}))
        self.wait(one.assets.put("same", bytes(range(256)), "text/plain"))
        self.wait(one.users.save(User("u", "a@x", "Ann", ("admin",), (("p", "1"),), {"secret": 2**70})))
        self.wait(one.key_values.set("n", "k", {"b": [None, "\ud800\0"], "a": 1.5}))
        self.wait(one.key_values.set("", "k2", 2**70, ttl_s=9))
        self.wait(one.settings.set("s", [True], "ann"))
        self.wait(one.logs.append([LogEntry(0, 1000, "warn", "a.js", "r", "GET /", "log", "ä", 3)], "f"))
        return url

    def content(self, url):
        """Give all that is in a database, as it is read."""
        one = self.repository(url)
        scripts = self.wait(one.scripts())
        uris = ["a.js", "b.js", "gone.js"]
        return {
            "scripts": scripts,
            "versions": [
                self.wait(one.version(uri, listed.version))
                for uri in uris
                for listed in self.wait(one.versions(uri))
            ],
            "assets": [self.wait(one.assets.get(asset.name)) for asset in self.wait(one.assets.list())],
            "users": [self.wait(one.users.get("u")), self.wait(one.users.by_identity("p", "1"))],
            "key_values": [self.wait(one.key_values.list(namespace)) for namespace in ("", "n")],
            "settings": self.wait(one.settings.all()),
            "logs": self.wait(one.logs.query(LogQuery())),
        }

    def rewritten(self, source, change):
        """Give a copy of a bundle whose members ``change(name, content)`` gave, with a right manifest."""
        target = self.directory / "changed.zip"
        files = {}
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            manifest = json.loads(old.read("manifest.json"))
            for name in old.namelist():
                content = old.read(name)
                if name != "manifest.json":
                    content = change(name, content)
                    files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
                    new.writestr(name, content)
            new.writestr("manifest.json", json.dumps({**manifest, "files": files}))
        return str(target)


class ExportTests(CommandCase):
    """``aiwebengine export`` and ``import``."""

    def test_req_data_004_there_and_back(self):
        """What is exported from one database and imported to another is the same, byte for byte."""
        url, other = self.filled(self.sqlite()), self.sqlite()
        said = self.command(url, "export", "b.zip")
        self.assertIn("wrote b.zip: 3 scripts, 4 versions, 2 assets, 1 users, 2 key values, 1 settings", said)
        self.assertEqual(stat.S_IMODE(Path("b.zip").stat().st_mode), 0o600)
        self.assertIn("imported 3 scripts, 4 versions", self.command(other, "import", "b.zip"))
        expected = self.content(url)
        self.assertEqual(expected["logs"][0].message, "ä")
        self.assertEqual(self.content(other), {**expected, "logs": []})

    def test_between_kinds(self):
        """SQLite to PostgreSQL and back, logs too."""
        url, middle, last = self.filled(self.sqlite()), empty_database(), self.sqlite()
        sections = [
            argument
            for name in ("scripts", "assets", "users", "key_values", "settings", "logs")
            for argument in ("--section", name)
        ]
        self.command(url, "export", "1.zip", *sections)
        self.command(middle, "import", "1.zip")
        self.assertEqual(self.content(middle), self.content(url))
        self.command(middle, "export", "2.zip", *sections)
        self.command(last, "import", "2.zip")
        self.assertEqual(self.content(last), self.content(url))
        self.assertEqual(self.wait(self.repository(last).logs.last_seq()), 1)
        with zipfile.ZipFile("1.zip") as one, zipfile.ZipFile("2.zip") as two:
            for name in sorted({*one.namelist(), *two.namelist()} - {"manifest.json"}):
                self.assertEqual(one.read(name), two.read(name), name)

    def test_sections(self):
        """Only what is asked for is exported; a source is stored once."""
        url = self.filled(self.sqlite())
        said = self.command(url, "export", "b.zip", "--section", "assets", "--json")
        self.assertEqual(json.loads(said), {"file": "b.zip", "records": {"assets": 2}})
        with zipfile.ZipFile("b.zip") as bundle:
            names = sorted(bundle.namelist())
            digest = hashlib.sha256(bytes(range(256))).hexdigest()
            self.assertEqual(names, ["assets.jsonl", f"assets/{digest}", "manifest.json"])

    def test_existing_file(self):
        """A file that is there is kept unless told otherwise; nothing is left beside it."""
        url = self.filled(self.sqlite())
        Path("b.zip").write_text("mine")
        for command in ("export", "backup"):
            self.assertIn("b.zip exists; --force", self.command(url, command, "b.zip", fails=True))
        self.assertEqual(Path("b.zip").read_text(), "mine")
        self.command(url, "export", "b.zip", "--force")
        self.assertEqual([one.name for one in Path().iterdir() if one.name.startswith(".b")], [])
        self.assertIn("No such file", self.command(url, "export", "no/where.zip", fails=True))

    def test_not_empty(self):
        """A database with data is refused, saying what is there and what can be done."""
        url = self.filled(self.sqlite())
        self.command(url, "export", "b.zip")
        said = self.command(url, "import", "b.zip", fails=True)
        self.assertIn("not empty (3 scripts, 4 versions, 2 assets, 1 users", said)
        self.assertIn("--replace removes", said)

    def test_replace(self):
        """What was there goes, in the sections imported; the rest stays."""
        url, other = self.filled(self.sqlite()), self.sqlite()
        one = self.repository(other)
        self.wait(one.save([ScriptChange("old.js", "old")]))
        self.wait(one.settings.set("mine", 1))
        self.command(url, "export", "b.zip", "--section", "scripts")
        before = self.content(url)
        self.command(other, "import", "b.zip", "--replace")
        self.assertEqual([s.uri for s in self.wait(one.scripts())], ["a.js", "b.js"])
        self.assertEqual(self.wait(one.scripts()), before["scripts"])
        self.assertEqual(self.wait(one.settings.get("mine")).value, 1)

    def test_what_is_made_anew_is_left_out(self):
        """What the engine keeps of loading scripts is in no bundle."""
        url = self.filled(self.sqlite())
        self.wait(self.repository(url).key_values.set(LOADS_NAMESPACE, "00", "of another engine"))
        self.command(url, "export", "b.zip")
        fresh = self.sqlite()
        self.command(fresh, "import", "b.zip")
        found = self.repository(fresh).key_values
        self.assertEqual(self.wait(found.list(LOADS_NAMESPACE)), [])
        self.assertEqual(self.wait(found.get("n", "k")).value["a"], 1.5)

    def test_merge(self):
        """What was there stays; changed scripts get a version, equal ones none, new ones all of theirs."""
        url, other = self.filled(self.sqlite()), self.sqlite()
        one = self.repository(other)
        self.wait(one.save([ScriptChange("a.js", "mine"), ScriptChange("b.js", "grüße")]))
        self.wait(one.save([ScriptChange("c.js", "mine"), ScriptChange("gone.js", "alive")]))
        self.wait(one.key_values.set("n", "k", 0))
        self.wait(one.key_values.set("n", "other", 0))
        self.command(url, "export", "b.zip")
        said = self.command(other, "import", "b.zip", "--merge")
        self.assertIn("imported 1 versions, 2 assets, 1 users", said)
        scripts = {s.uri: s for s in self.wait(one.scripts())}
        self.assertEqual(
            [(uri, s.version, s.source) for uri, s in scripts.items()],
            [("a.js", 2, "two"), ("b.js", 1, "grüße"), ("c.js", 1, "mine"), ("gone.js", 1, "alive")],
        )
        self.assertEqual((scripts["a.js"].author, scripts["a.js"].message), ("bob", "imported"))
        self.assertEqual(self.wait(one.key_values.get("n", "k")).value["a"], 1.5)
        self.assertEqual(self.wait(one.key_values.get("n", "other")).value, 0)
        sizes = [key.bytes for key in self.wait(one.key_values.keys("n"))]
        usage = self.wait(one.key_values.usage_of("n"))
        self.assertEqual((usage.keys, usage.bytes), (len(sizes), sum(sizes)))
        self.wait(one.save([ScriptChange("b.js", None)]))
        self.command(other, "import", "b.zip", "--merge")
        self.assertEqual(self.wait(one.script("b.js")).version, 2)
        fresh = self.sqlite()
        self.command(fresh, "import", "b.zip", "--merge")
        self.assertEqual(self.content(fresh), {**self.content(url), "logs": []})

    def test_dry_run(self):
        """A dry run says what would be, and changes nothing."""
        url, other = self.filled(self.sqlite()), self.sqlite()
        self.command(url, "export", "b.zip")
        said = json.loads(self.command(other, "import", "b.zip", "--dry-run", "--json"))
        self.assertEqual((said["dry_run"], said["records"]["versions"]), (True, 4))
        self.assertEqual(self.wait(self.repository(other).scripts()), [])
        self.assertIn("would import 3 scripts", self.command(other, "import", "b.zip", "--dry-run"))

    def test_usage(self):
        """Options that exclude each other, and a database only a running engine has."""
        self.filled(self.sqlite())
        self.command(self.sqlite(), "export", "b.zip")
        result = CliRunner().invoke(
            LazyGroup("aiwebengine", targets=COMMANDS), ["import", "b.zip", "--merge", "--replace"]
        )
        self.assertEqual(result.exit_code, 2)
        for command in ("export", "backup"):
            self.assertIn("memory:", self.command("memory:", command, "c.zip", fails=True))

    def logged(self, url):
        query = LogQuery(after=0)
        return [(one.seq, one.message) for one in self.wait(self.repository(url).logs.query(query))]

    def test_logs_of_schema_2(self):
        """Entries to which several engines gave one number get numbers of their own."""
        url, other = self.filled(self.sqlite()), self.sqlite()
        self.command(url, "export", "b.zip", "--section", "logs")

        def twice(name, content):
            if name != "logs.jsonl":
                return content
            second = content.replace(b'"f"', b'"g"')
            third = content.replace(b"[1,", b"[2,")
            return content + second + third

        self.command(other, "import", self.rewritten("b.zip", twice))
        self.assertEqual(self.logged(other), [(1, "ä"), (2, "ä"), (3, "ä")])
        self.assertEqual(self.wait(self.repository(other).logs.last_seq()), 3)

    def test_logs_merged(self):
        """Entries that are there are left alone, others whose number is taken come last."""
        url, other = self.filled(self.sqlite()), self.filled(self.sqlite())
        entry = LogEntry(0, 2000, "info", "a.js", "r", "", "log", "theirs")
        self.wait(self.repository(url).logs.append([entry], "g"))
        ours = LogEntry(0, 3000, "info", "a.js", "r", "", "log", "ours")
        self.wait(self.repository(other).logs.append([ours], "h"))
        self.command(url, "export", "b.zip", "--section", "logs")
        self.command(other, "import", "b.zip", "--merge")
        self.assertEqual(self.logged(other), [(1, "ä"), (2, "ours"), (3, "theirs")])
        self.wait(self.repository(other).logs.append([ours], "h"))
        self.assertEqual(self.logged(other)[-1], (4, "ours"))

    def test_running_engines_see_it(self):
        """An import raises the revision by which running engines notice changes."""
        url, other = self.filled(self.sqlite()), self.sqlite()
        self.command(url, "export", "b.zip")

        def revision(link):
            return link.one("SELECT number FROM revisions WHERE name = 'scripts'")[0]

        database = open_database(other)
        self.addCleanup(database.close)
        before = database.read(revision)
        self.command(other, "import", "b.zip")
        self.assertEqual(database.read(revision), before + 1)


class RefusalTests(CommandCase):
    """Files that are not what they should be change nothing."""

    def setUp(self):
        super().setUp()
        self.command(self.filled(self.sqlite()), "export", "b.zip", "--section", "logs", *self.others())
        self.target = self.sqlite()

    def others(self):
        names = ("scripts", "assets", "users", "key_values", "settings")
        return [argument for name in names for argument in ("--section", name)]

    def refused(self, file, said):
        output = self.command(self.target, "import", file, fails=True)
        self.assertIn(said, output)
        one = self.repository(self.target)
        self.assertEqual((self.wait(one.scripts()), self.wait(one.assets.list())), ([], []))

    def test_no_bundle(self):
        """Other files are said to be none of ours."""
        Path("x").write_text("hello")
        self.refused("x", "is no bundle of aiwebengine")
        with zipfile.ZipFile("y.zip", "w") as other:
            other.writestr("a", "b")
        self.refused("y.zip", "has no manifest.json")
        for manifest, said in (
            ("[]", "unknown format"),
            ("{", "is damaged"),
            ('{"format": "aiwebengine-bundle", "format_version": 2}', "has format version 2"),
            ('{"format": "aiwebengine-bundle", "format_version": 1}', "lists no files"),
            (
                '{"format": "aiwebengine-sqlite-backup", "format_version": 1, "files": {}}',
                "holds no database",
            ),
        ):
            with zipfile.ZipFile("z.zip", "w") as other:
                other.writestr("manifest.json", manifest)
            self.refused("z.zip", said)

    def test_damaged(self):
        """Any changed byte is found before anything is imported."""
        content = Path("b.zip").read_bytes()
        for position in range(0, len(content) - 100, len(content) // 40):
            damaged = bytearray(content)
            damaged[position] ^= 0xFF
            Path("d.zip").write_bytes(damaged)
            with CheckedZip("b.zip") as one, CheckedZip("d.zip") as other:
                if one == other:
                    continue  # a byte that means nothing, such as of a time
            self.command(self.target, "import", "d.zip", fails=True)
        Path("d.zip").write_bytes(content[:-200])
        self.refused("d.zip", "cut off")

    def test_members(self):
        """Files missing from, or beyond, the manifest are refused."""
        with zipfile.ZipFile("b.zip") as old, zipfile.ZipFile("c.zip", "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
            new.writestr("../evil", "x")
        self.refused("c.zip", "does not hold what its manifest.json lists: ../evil")

    def test_records(self):
        """A record that is wrong is named, and none before it stays."""
        cases = [
            ("scripts", b'"uri":"a.js"', b'"uri":"../a"', "scripts: ../a: a script's URI must not contain"),
            ("scripts", b'"version":2', b'"version":9', "scripts: a.js: its version 9 is missing"),
            ("scripts", b'"uri":"b.js"', b'"uri":"a.js"', "scripts: a.js: occurs twice"),
            ("scripts", b'"version":2', b'"version":"2"', "scripts.jsonl, line 1"),
            ("versions", b'"uri":"b.js"', b'"uri":"c.js"', "a script that is not in the bundle"),
            ("versions", b'"version":2', b'"version":1', "version 1 occurs twice"),
            ("versions", b'"version":2', b'"version":3', "version 3 is beyond"),
            ("versions", b'"size":3', b'"size":4', "another checksum or size"),
            ("versions", b'"sha256":"', b'"sha256":"0', "its content is missing"),
            ("assets", b'"name":"same"', b'"name":""', "an asset's name must not be empty"),
            ("assets", b'"metadata":{}', b'"metadata":[]', "a JSON object is wanted"),
            ("users", b'"ident":"u"', b'"ident":""', "a user's id must not be empty"),
            ("key_values", b'"key":"k"', b'"key":""', "a key must not be empty"),
            ("settings", b'"name":"s"', b'"name":""', "a setting's name must not be empty"),
            ("logs", b",3,", b",5,", "logs.jsonl, line 1"),
            ("scripts", b"1700000000000", b"99999999999999999999", "scripts.jsonl, line 1"),
        ]
        for section, old, new, said in cases:

            def change(name, content, section=section, old=old, new=new):
                if name != f"{section}.jsonl":
                    return content
                self.assertIn(old, content)
                return content.replace(old, new, 1)

            self.refused(self.rewritten("b.zip", change), said)

    def test_taken_address(self):
        """Merging a user whose address another user has is refused in words."""
        self.wait(self.repository(self.target).users.save(User("other", "A@x")))
        output = self.command(self.target, "import", "b.zip", "--merge", fails=True)
        self.assertIn("users: u: user 'u': email 'a@x' belongs to another user", output)
        self.assertEqual(self.wait(self.repository(self.target).scripts()), [])


class CheckedZip:
    """What a zip file holds, or that it cannot be read; to be compared."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        try:
            with zipfile.ZipFile(self.name) as archive:
                return {name: archive.read(name) for name in archive.namelist()}
        except Exception:
            return None

    def __exit__(self, *_):
        return None


class BackupTests(CommandCase):
    """``aiwebengine backup`` and ``restore``."""

    def test_req_data_004_sqlite(self):
        """Everything is there again, whatever happened in between, the log too."""
        url = self.filled(self.sqlite())
        before = self.content(url)
        self.assertIn("wrote bk", self.command(url, "backup", "bk"))
        self.assertEqual(stat.S_IMODE(Path("bk").stat().st_mode), 0o600)
        one = self.repository(url)
        self.wait(one.save([ScriptChange("a.js", "changed"), ScriptChange("new.js", "")]))
        self.wait(one.assets.delete("same"))
        said = self.command(url, "restore", "bk", fails=True)
        self.assertIn("not empty", said)
        self.assertIn("--force removes", said)
        self.assertIn("restored 3 scripts, 4 versions", self.command(url, "restore", "bk", "--force"))
        self.assertEqual(self.content(url), before)
        self.assertEqual([s.uri for s in self.wait(one.scripts())], ["a.js", "b.js"])

    def test_req_data_004_postgresql(self):
        """The same from PostgreSQL; the backup can be restored to SQLite."""
        url = self.filled(empty_database())
        before = self.content(url)
        self.command(url, "backup", "bk")
        self.wait(self.repository(url).save([ScriptChange("a.js", "changed")]))
        self.command(url, "restore", "bk", "--force")
        self.assertEqual(self.content(url), before)
        other = self.sqlite()
        self.command(other, "restore", "bk")
        self.assertEqual(self.content(other), before)

    def test_sqlite_to_postgresql(self):
        """A backup of SQLite can be restored to PostgreSQL."""
        url, other = self.filled(self.sqlite()), empty_database()
        self.command(url, "backup", "bk")
        self.command(other, "restore", "bk")
        self.assertEqual(self.content(other), self.content(url))

    def test_old_backup(self):
        """A backup of an earlier schema is migrated while it is restored."""
        link = sqlite3.connect("old.db")
        link.executescript((FIXTURES / "sqlite-1.sql").read_bytes().decode())
        link.close()
        content = Path("old.db").read_bytes()
        self.pack(content)
        url = self.sqlite()
        self.command(url, "restore", "old.zip")
        self.assertEqual(self.wait(self.repository(url).script("a.js")).source, "// two\n")

    def pack(self, content):
        with zipfile.ZipFile("old.zip", "w") as archive:
            archive.writestr("database.sqlite3", content)
            digest = hashlib.sha256(content).hexdigest()
            files = {"database.sqlite3": {"sha256": digest, "size": len(content)}}
            manifest = {"format": "aiwebengine-sqlite-backup", "format_version": 1, "files": files}
            archive.writestr("manifest.json", json.dumps(manifest))

    def test_damaged_database(self):
        """A database that is damaged inside, newer, or none, is refused."""
        url = self.filled(self.sqlite())
        self.command(url, "backup", "bk")
        with zipfile.ZipFile("bk") as archive:
            good = archive.read("database.sqlite3")
        link = sqlite3.connect("newer.db")
        link.deserialize(good)
        link.execute("PRAGMA user_version = 99")
        for content, said in (
            (b"hello" * 1000, "damaged"),
            (good[:4096] + b"\xff" * (len(good) - 4096), "damaged"),
            (bytes(link.serialize()), "newer aiwebengine (schema 99"),
        ):
            self.pack(content)
            self.assertIn(said, self.command(self.sqlite(), "restore", "old.zip", fails=True))
        link.close()

    def test_while_written_to(self):
        """A backup made while others write holds whole transactions only."""
        url = self.sqlite()
        one = self.repository(url)
        self.wait(one.save([ScriptChange("a", "0"), ScriptChange("b", "0")]))
        database = open_database(url)
        self.addCleanup(database.close)
        numbers = iter(range(1, 1000))

        def write(done, total):
            text = str(next(numbers)) + "x" * 100_000
            self.wait(one.save([ScriptChange("a", text), ScriptChange("b", text)]))

        for _ in range(50):
            write(0, 0)
        database.backup(self.directory / "copy.db", write)
        copy = self.repository(f"sqlite:///{self.directory}/copy.db")
        first, second = self.wait(copy.scripts())
        self.assertEqual(first.source, second.source)
        self.assertGreater(first.version, 50)

    def test_snapshot(self):
        """An export sees one moment, in both kinds of database."""
        for url in (self.sqlite(), empty_database()):
            one = self.repository(self.filled(url))
            database = open_database(url)
            self.addCleanup(database.close)
            with database.snapshot() as link:
                before = link.all("SELECT uri, version FROM scripts ORDER BY uri")
                self.wait(one.save([ScriptChange("a.js", "later")]))
                self.assertEqual(link.all("SELECT uri, version FROM scripts ORDER BY uri"), before)
            self.assertEqual(self.wait(one.script("a.js")).version, 3)

    def test_all_or_nothing(self):
        """A restore that fails midway leaves what was there."""
        url = self.filled(self.sqlite())
        before = self.content(url)
        self.command(url, "backup", "bk")
        database = open_database(url)
        self.addCleanup(database.close)

        class Broken:
            def __init__(self, records):
                self.records, self.sections = records, records.sections

            def rows(self, section):
                if section == "settings":
                    raise ZeroDivisionError
                return self.records.rows(section)

        with open_bundle(Path("bk")) as records:
            self.assertRaises(
                ZeroDivisionError,
                database.write,
                lambda link: import_records(link, Broken(records), Mode.REPLACE, moment=0),
            )
        self.assertEqual(self.content(url), before)


class MigrateTests(CommandCase):
    """``aiwebengine migrate``."""

    def test_migrate(self):
        """It says what is there, and brings it up to date even where that is not automatic."""
        link = sqlite3.connect("1.db")
        link.executescript((FIXTURES / "sqlite-1.sql").read_bytes().decode())
        link.close()
        url = self.sqlite()
        off = ("--set", "repository.auto_migrate=false")
        said = self.command(url, "export", "b.zip", *off, fails=True)
        self.assertIn("run `aiwebengine migrate`", said)
        self.assertIn("schema 1, newest is 4", self.command(url, "migrate", "--check", *off, fails=True))
        self.assertIn("schema 4, was 1", self.command(url, "migrate", *off))
        self.assertEqual(self.command(url, "migrate", *off), "schema 4\n")
        self.command(url, "migrate", "--check", *off)
        self.command(url, "export", "b.zip", *off)

    def test_key_of_the_command_in_the_shell(self):
        """Commands on the database do not mind the key that the shell has for others, in production too."""
        key = {"AIWEBENGINE_API_KEY": "of-an-engine-elsewhere", "AIWEBENGINE_ENV": "production"}
        url = self.sqlite()
        self.command(url, "migrate", **key)
        for arguments in (
            ["backup", "b.zip"],
            ["export", "e.zip"],
            ["import", "e.zip"],
            ["restore", "b.zip"],
        ):
            self.command(url, *arguments, **key)
