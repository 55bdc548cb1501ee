"""X-Forwarded-* and trusted proxies."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import ConfigurationInvalid
from aiwebengine.web import forwarded
from aiwebengine.web.forwarded import TrustedProxies, plain_address
from tests.web.support import Server


class WalkTests(SynchronousTestCase):
    def test_rightmost_untrusted(self) -> None:
        proxies = TrustedProxies(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"])
        for peer, header, client in (
            ("10.0.0.1", None, "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"),
            ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
            ("10.0.0.1", "6.6.6.6, junk, 192.0.2.1", "192.0.2.1"),
            ("9.9.9.9", "1.2.3.4", "9.9.9.9"),
            ("2001:db8::1", "1.2.3.4:5678", "1.2.3.4"),
            ("10.0.0.1", "[2001:4860::1]:443", "2001:4860::1"),
            ("10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
            ("unix", "1.2.3.4", "unix"),
            ("strange", "1.2.3.4", "strange"),
        ):
            self.assertEqual(proxies.client(peer, header), client, (peer, header))

    def test_unix(self) -> None:
        self.assertEqual(TrustedProxies(["unix"]).client("unix", "1.2.3.4"), "1.2.3.4")

    def test_bad_entries_are_all_named(self) -> None:
        error = self.assertRaises(ConfigurationInvalid, TrustedProxies, ["10.0.0.0/8", "x", "1.2.3.4/40"])
        self.assertEqual([problem.value for problem in error.problems], ["x", "1.2.3.4/40"])

    def test_plain_address(self) -> None:
        self.assertIsNone(plain_address("example.com"))
        self.assertEqual(plain_address("fe80::1%eth0"), "fe80::1")

    def test_memory_is_bounded(self) -> None:
        self.patch(forwarded, "_CACHE_LIMIT", 3)
        proxies = TrustedProxies(["10.0.0.0/8"])
        for number in range(10):
            proxies.trusts(f"10.0.0.{number}")
        self.assertLessEqual(len(proxies._known), 3)


class RequestTests(SynchronousTestCase):
    HEADERS = ("X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: public.example")

    def ask(self, peer: Any, *headers: str, **settings: Any) -> Any:
        server = Server(**settings)
        server.get("/", *(headers or self.HEADERS), peer=peer)
        return server.requests[0]

    def test_not_believed_by_default(self) -> None:
        request = self.ask(IPv4Address("TCP", "10.0.0.1", 1))
        self.assertEqual(
            (request.client_ip, request.secure, request.host), ("10.0.0.1", False, "example.com")
        )
        request = self.ask(IPv4Address("TCP", "8.8.8.8", 1), trusted_proxies=["10.0.0.0/8"])
        self.assertEqual((request.client_ip, request.secure, request.host), ("8.8.8.8", False, "example.com"))

    def test_believed_from_a_trusted_proxy(self) -> None:
        request = self.ask(IPv6Address("TCP", "::ffff:10.0.0.1", 1), trusted_proxies=["10.0.0.0/8"])
        self.assertEqual(
            (request.client_ip, request.secure, request.host), ("1.2.3.4", True, "public.example")
        )
        self.assertEqual(request.record.client_ip, "1.2.3.4")

    def test_only_the_nearest_proxys_word_counts(self) -> None:
        request = self.ask(
            IPv4Address("TCP", "10.0.0.1", 1),
            "X-Forwarded-Proto: https, http",
            trusted_proxies=["10.0.0.0/8"],
        )
        self.assertFalse(request.secure)

    def test_malformed_forwarded_host_is_ignored(self) -> None:
        request = self.ask(
            IPv4Address("TCP", "10.0.0.1", 1), "X-Forwarded-Host: a/b", trusted_proxies=["10.0.0.0/8"]
        )
        self.assertEqual(request.host, "example.com")

    def test_unix_peer(self) -> None:
        request = self.ask(UNIXAddress("/tmp/x"), trusted_proxies=["unix"])
        self.assertEqual(request.client_ip, "1.2.3.4")
        self.assertEqual(self.ask(UNIXAddress("/tmp/x")).client_ip, "unix")
