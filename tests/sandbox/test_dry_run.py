"""Tests for aiwebengine.sandbox.dry_run and what host calls do in one."""

import json
from collections import deque
from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.dry_run import DryRun, is_safe_in_dry_run, safe_in_dry_run
from aiwebengine.sandbox.hostcalls import HostCalls
from aiwebengine.scripts.log import ScriptLog


class DryRunTests(SynchronousTestCase):
    """REQ-SEC: a dry run leaves nothing behind."""

    def setUp(self):
        self.done = []
        self.answers = []
        self.script_log = ScriptLog()
        self.dry = DryRun()
        operations = {"mail.send": self.write, "storage.get": self.read}
        self.calls = HostCalls(operations, self.script_log, self.answer)

    async def write(self, call, argument):
        self.done.append(("set", argument, call.dry_run))

    @safe_in_dry_run
    async def read(self, call, argument):
        self.done.append(("get", argument, call.dry_run))
        return 7

    def answer(self, job, text):
        self.answers.append(json.loads(text))

    def job(self, dry_run):
        return SimpleNamespace(
            uri="a.js",
            request_id="",
            route="load",
            facts={},
            program=None,
            host_calls=0,
            calls_under_way=0,
            calls_waiting=deque(),
            dry_run=dry_run,
        )

    def run_all(self, dry_run):
        """Log, send and await."""
        job = self.job(dry_run)
        self.calls.effects(job, [["log", "warn", "careful", 3], ["log", "odd", "x", 0]])
        self.calls.effects(job, [["send", "mail.send", 1], ["send", "storage.get", 0]])
        self.calls.calls(job, [[1, "storage.get", 2], [2, "mail.send", 3], [3, "no.such", None]])

    def test_for_real(self):
        """Otherwise everything is done."""
        self.run_all(None)
        self.assertEqual(self.done, [("set", 1, None), ("get", 0, None), ("get", 2, None), ("set", 3, None)])
        self.assertEqual([one[:2] for one in self.answers], [[1, True], [2, True], [3, False]])
        self.assertEqual(self.script_log.last_seq, 2)

    def test_dry(self):
        """In a dry run only what is safe is done; the rest is noted, and lines are kept aside."""
        self.run_all(self.dry)
        self.assertEqual(self.done, [("get", 0, self.dry), ("get", 2, self.dry)])
        self.assertEqual(
            self.answers[:2],
            [
                [1, True, 7],
                [
                    2,
                    False,
                    {
                        "name": "PermissionError",
                        "message": "mail.send is not done in a dry run",
                        "code": None,
                    },
                ],
            ],
        )
        self.assertEqual(self.dry.withheld, ["mail.send", "mail.send"])
        self.assertEqual(self.dry.refused, ["mail.send"])
        self.assertEqual(
            self.dry.logs,
            [
                {"level": "warn", "message": "careful", "line": 3},
                {"level": "info", "message": "x", "line": None},
            ],
        )
        self.assertEqual(self.script_log.last_seq, 0)

    def test_scratch(self):
        """What operations keep is by name, made once, and another dry run has its own."""
        kept = self.dry.scratch("a", list)
        kept.append(1)
        self.assertIs(self.dry.scratch("a", list), kept)
        self.assertEqual((self.dry.scratch("b", list), DryRun().scratch("a", list)), ([], []))

    def test_mark(self):
        """The mark is the operation's, whether bound or not."""
        self.assertTrue(is_safe_in_dry_run(self.read))
        self.assertFalse(is_safe_in_dry_run(self.write))
