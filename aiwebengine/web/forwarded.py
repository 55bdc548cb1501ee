"""Who the client is: the peer, or what trusted proxies say (X-Forwarded-For, -Proto, -Host)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aiwebengine.errors import ConfigurationInvalid, Problem

__all__ = ["TrustedProxies", "plain_address"]

_CACHE_LIMIT = 4096


def plain_address(text: str) -> str | None:
    """Give an address in its usual form (no port, brackets, zone; IPv4-mapped as IPv4), or None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


class TrustedProxies:
    """
    The peers whose X-Forwarded-* headers are believed.

    Entries are addresses or networks (CIDR) of IPv4 or IPv6, or ``unix`` for peers on UNIX sockets. Raises
    `ConfigurationInvalid` for anything else.
    """

    def __init__(self, entries: Sequence[str]) -> None:
        self._networks = []
        self._unix = False
        self._known: dict[str, bool] = {}
        problems = []
        for entry in entries:
            if entry == "unix":
                self._unix = True
                continue
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                expected = "an address, a network such as 10.0.0.0/8, or 'unix'"
                problems.append(Problem("server", "server.trusted_proxies", entry, expected))
        if problems:
            raise ConfigurationInvalid(problems)
        self.any = bool(self._networks) or self._unix

    def trusts(self, peer: str) -> bool:
        """Tell whether a peer (a plain address, or ``unix``) is a trusted proxy."""
        known = self._known.get(peer)
        if known is None:
            known = self._look_up(peer)
            if len(self._known) >= _CACHE_LIMIT:
                self._known.clear()
            self._known[peer] = known
        return known

    def client(self, peer: str, forwarded_for: str | None) -> str:
        """
        Give the client's address: the rightmost X-Forwarded-For entry that is not itself a trusted proxy.

        The walk stops at an entry that is no address, since what stands left of it proves nothing.
        """
        client = peer
        if forwarded_for and self.trusts(peer):
            for entry in reversed(forwarded_for.split(",")):
                address = plain_address(entry)
                if address is None:
                    break
                client = address
                if not self.trusts(address):
                    break
        return client

    def _look_up(self, peer: str) -> bool:
        if peer == "unix":
            return self._unix
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
