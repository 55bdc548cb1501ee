"""Tests for aiwebengine.subsystems.management.audit."""

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.scripts.log import ScriptLog
from aiwebengine.subsystems.management.audit import Audit, parse_audit
from aiwebengine.subsystems.management.callers import Caller


class AuditTests(SynchronousTestCase):
    """REQ-SEC: who did what, when, and from where."""

    def setUp(self):
        self.script_log = ScriptLog(now=lambda: 1_700_000_000.0)
        self.audit = Audit(self.script_log)

    def test_entry(self):
        """An entry has everything, and can be read back."""
        caller = Caller("ci", "deploy")
        self.audit.note(
            "canary put", "a.js", caller, client_ip="::1", request_id="r1", version=2, percent=2.5, previous=0
        )
        (entry,) = self.script_log.query(kind="audit")["entries"]
        self.assertEqual(
            entry["message"],
            'action="canary put" uri=a.js version=2 percent=2.5 actor=ci how=key role=deploy ip=::1',
        )
        self.assertEqual(
            (entry["level"], entry["script"], entry["request_id"], entry["timestamp"]),
            ("info", "a.js", "r1", "2023-11-14T22:13:20.000Z"),
        )
        self.assertEqual(
            parse_audit(entry["message"]),
            {
                "action": "canary put",
                "uri": "a.js",
                "version": "2",
                "percent": "2.5",
                "actor": "ci",
                "how": "key",
                "role": "deploy",
                "ip": "::1",
            },
        )

    def test_refused(self):
        """What was refused stands out; no text can pass for another field."""
        nasty = 'x" actor=boss\nrole=admin \\'
        self.audit.note("put", nasty, Caller("ci", "read"), refused="FORBIDDEN", reason="a=b ü")
        (entry,) = self.script_log.query(kind="audit")["entries"]
        self.assertEqual(entry["level"], "warn")
        self.assertNotIn("\n", entry["message"])
        fields = parse_audit(entry["message"])
        self.assertEqual((fields["uri"], fields["actor"], fields["role"]), (nasty, "ci", "read"))
        self.assertEqual(fields["reason"], "a=b ü")
        self.assertEqual(self.script_log.query(kind="log")["entries"], [])
