"""Checks of single values."""

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import checks
from aiwebengine.config.secret import SecretURL


class ChecksTests(SynchronousTestCase):
    def both(self, check, good, bad):
        for value in good:
            self.assertIsNone(check(value), value)
        for value in bad:
            self.assertIsInstance(check(value), str, value)

    def test_host(self):
        self.both(
            checks.host,
            ["127.0.0.1", "::1", "0.0.0.0", "localhost", "app.example.com", "a_b.internal."],
            ["", "256.1.1.1", "1.2.3", "a b", "-a.example", "a..b", "http://x", "x" * 64, "a/b"],
        )

    def test_network(self):
        self.both(
            checks.network,
            ["10.0.0.0/8", "10.1.2.3", "::1", "fd00::/8"],
            ["10.0.0.1/8", "10.0.0.0/33", "x", ""],
        )
        self.assertIn("host bits", checks.network("10.0.0.1/8"))

    def test_endpoint(self):
        good = ["tcp:8080", "tcp:0:interface=127.0.0.1", "unix:/tmp/s", "systemd:domain=INET:index=0"]
        self.both(
            checks.endpoint,
            good,
            [
                "",
                "8080",
                "tpc:80",
                "tcp:abc",
                "tcp:65536",
                "tcp:port=70000",
                "tcp:80:foo=1",
                "systemd:domain=INET",
            ],
        )

    def test_public_url(self):
        self.both(
            checks.public_url,
            ["", "https://app.example.com", "http://localhost:8080/base", "https://[::1]:8443"],
            [
                "app.example.com",
                "ftp://x",
                "https://",
                "https://x?y",
                "https://x#y",
                "https://u@x",
                "http://x:99999",
                "http://x:0",
                "http://[::1",
                "http://a b",
                "http://x/\n",
            ],
        )

    def test_connection_url(self):
        good = [
            "",
            "memory:",
            "sqlite:///a.db",
            "sqlite:////a/b.db",
            "postgresql://h/x",
            "redis://h",
            "mysql://h",
        ]
        bad = ["hunter2", "sqlite:a.db", "sqlite:///", "postgresql:x", "redis:x", "/var/x.db"]
        self.both(checks.connection_url, map(SecretURL, good), map(SecretURL, bad))

    def test_rate(self):
        self.both(
            checks.rate,
            ["100/minute", "1/s", "5/10s", "1000/day", "20/hour"],
            ["", "100", "0/minute", "100/fortnight", "-1/s", "1 / s", "1/s ", "1/0s"],
        )

    def test_header_name_and_value(self):
        self.both(checks.header_name, ["X-Frame-Options", "a"], ["", "X Bad", "X:", "X\n", "é"])
        self.both(checks.header_value, ["", "1; mode=block", "é\t"], ["a\r\nb", "\0", "\x7f", "€"])
