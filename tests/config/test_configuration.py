"""Reload: validated first, applied whole or not at all, and what waits for a restart is said."""

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import capturedLogs
from zope.interface.verify import verifyObject

from aiwebengine.config import Configuration
from aiwebengine.interfaces import IConfiguration
from tests.config.support import ConfigurationTestCase


class ConfigurationTests(ConfigurationTestCase):
    def test_it_provides_its_interface(self):
        self.assertTrue(verifyObject(IConfiguration, self.load()))
        self.assertIsInstance(self.load(), Configuration)

    def test_an_unknown_section_is_a_key_error(self):
        self.assertRaises(KeyError, self.load().section, "nothing")

    def test_heavy_libraries_wait_until_they_are_needed(self):
        program = (
            "import sys; from aiwebengine.config import *;"
            "load(ConfigurationSources(variables={}));"
            "print([name for name in ('yaml', 'json5', 'cryptography', 'click', 'tomllib',"
            " 'twisted.internet.reactor') if name in sys.modules])"
        )
        root = str(Path(__file__).parents[2])
        output = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": root},
        )
        self.assertEqual(output.stdout.strip(), "[]")


class ReloadTests(ConfigurationTestCase):
    def setUp(self):
        super().setUp()
        self.write("aiwebengine.toml", '[server]\nport = 1\n[logging]\nlevel = "info"\n')
        self.configuration = self.load()
        self.calls = []
        self.configuration.on_reload(lambda old, new: self.calls.append((old, new)))

    def test_req_cfg_004_changes_are_applied_and_told(self):
        self.write("aiwebengine.toml", '[server]\nport = 2\n[logging]\nlevel = "debug"\n')
        report = self.configuration.reload()
        self.assertTrue(report.ok)
        self.assertEqual(report.changed, ("server.port", "logging.level"))
        self.assertEqual(report.needs_restart, ("server.port",))
        self.assertEqual(
            str(report),
            "configuration reloaded, changed: server.port, logging.level; needs a restart: server.port",
        )
        ((old, new),) = self.calls
        self.assertEqual((old.section("logging").level, new.section("logging").level), ("info", "debug"))
        self.assertEqual((old.section("server").port, new.section("server").port), (1, 2))
        self.assertIs(self.configuration.snapshot, new)
        self.assertEqual(self.configuration.section("server").port, 2)

    def test_what_needs_a_restart_is_said_until_it_is_taken_back(self):
        self.write("aiwebengine.toml", "[server]\nport = 2\n")
        self.configuration.reload()
        report = self.configuration.reload()
        self.assertEqual((report.changed, report.needs_restart), ((), ("server.port",)))
        self.assertEqual(len(self.calls), 1)
        self.write("aiwebengine.toml", "[server]\nport = 1\n")
        self.assertEqual(self.configuration.reload().needs_restart, ())
        self.assertEqual(len(self.calls), 2)

    def test_marks_of_a_table_reach_its_keys_also_those_that_come_and_go(self):
        self.write("aiwebengine.toml", '[server]\nport = 1\n[security.headers]\nX-A = "1"\n')
        report = self.configuration.reload()
        self.assertEqual((report.changed, report.needs_restart), (("security.headers.X-A",), ()))
        self.write("aiwebengine.toml", '[server]\nport = 1\n[sample.providers.x]\nclient_id = "1"\n')
        report = self.configuration.reload()
        self.assertIn("security.headers.X-A", report.changed)
        self.assertIn("sample.providers.x.client_id", report.needs_restart)

    def test_req_cfg_004_with_a_problem_nothing_changes(self):
        before = self.configuration.snapshot
        self.write("aiwebengine.toml", '[server]\nport = 3\n[logging]\nlevel = "loud"\nx = 1\n')
        with capturedLogs() as events:
            report = self.configuration.reload()
        self.assertFalse(report.ok)
        self.assertEqual(len(report.problems), 2)
        self.assertIn("the old one stays", str(report))
        self.assertIs(self.configuration.snapshot, before)
        self.assertEqual(self.calls, [])
        self.assertEqual([event["log_level"].name for event in events], ["error"])

    def test_a_secret_that_went_away_keeps_the_old_one(self):
        self.write("key", "hunter2")
        self.write("aiwebengine.toml", '[security]\napi_key = {file = "key"}\n')
        configuration = self.load()
        (self.directory / "key").unlink()
        self.assertFalse(configuration.reload().ok)
        self.assertEqual(configuration.section("security").api_key.reveal(), "hunter2")
        self.write("key", "hunter3")
        with capturedLogs() as events:
            report = configuration.reload()
        self.assertEqual(report.changed, ("security.api_key",))
        self.assertNotIn("hunter", str(events) + str(report))

    def test_a_callback_that_raises_takes_the_reload_back(self):
        before = self.configuration.snapshot

        def fail(old, new):
            raise RuntimeError("cannot")

        later = []
        self.configuration.on_reload(fail)
        self.configuration.on_reload(lambda old, new: later.append(new))
        self.write("aiwebengine.toml", "[server]\nport = 2\n")
        report = self.configuration.reload()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)
        self.assertIn("could not apply", str(report))
        self.assertIs(self.configuration.snapshot, before)
        self.assertEqual([new.section("server").port for _, new in self.calls], [2, 1])
        self.assertEqual(later, [])

    def test_the_report_is_logged(self):
        with capturedLogs() as events:
            self.configuration.reload()
        self.assertEqual(str(events[0]["report"]), "configuration reloaded, changed: nothing")

    @given(
        st.lists(
            st.sampled_from(
                [
                    "",
                    "[server]\nport = 2\n",
                    '[server]\nhost = "::1"\n[logging]\nlevel = "warn"\n',
                    "[server]\nport = 70000\n[logging]\nlevel = 'debug'\n",
                    "[server\n",
                    "[sever]\n",
                    "[sample.window]\nmin_size = 11\n",
                ]
            )
        )
    )
    def test_whatever_the_file_goes_through_the_last_valid_state_is_in_force(self, texts):
        self.write("aiwebengine.toml", "")
        configuration = self.load()
        for text in texts:
            self.write("aiwebengine.toml", text)
            before = configuration.snapshot
            report = configuration.reload()
            if report.ok:
                self.assertEqual(configuration.snapshot.values(), self.load().snapshot.values())
                self.assertEqual(bool(report.changed), before.values() != configuration.snapshot.values())
            else:
                self.assertIs(configuration.snapshot, before)
                self.problems()
