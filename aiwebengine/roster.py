"""The roster: plugins found and faults, and the plan of which to build and in which order."""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs
import msgspec

from aiwebengine.errors import PluginUnusable
from aiwebengine.interfaces import IPlugin

__all__ = ["Fault", "LeftOut", "Offer", "Plan", "Roster"]


@attrs.frozen(eq=False)
class Offer:
    """A plugin that can be used, and where it comes from (distribution and version, or the file)."""

    plugin: IPlugin
    origin: str

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.plugin.name


@attrs.frozen
class Fault:
    """
    An offer that cannot be used.

    ``names`` are those by which the configuration may mean it, the likeliest last; ``fatal`` when it stops
    the start although no name of it is configured.
    """

    names: tuple[str, ...]
    origin: str
    reason: str
    fatal: bool = False


@attrs.frozen
class LeftOut:
    """A plugin that will not be built; ``state`` is ``disabled``, ``unusable`` or ``missing``."""

    name: str
    origin: str
    state: str
    reason: str
    fatal: bool = False

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.origin}): {self.reason}"


@attrs.frozen
class Plan:
    """What to build, each after what it requires, and what is left out."""

    order: tuple[Offer, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each plugin that is left out without having been asked for or disabled."""
        return tuple(str(item) for item in self.left_out if item.state != "disabled" and not item.fatal)

    def check(self) -> Plan:
        """Give the plan itself. Raises `PluginUnusable` for the first plugin left out as fatal."""
        for item in self.left_out:
            if item.fatal:
                raise PluginUnusable(item.name, item.origin, item.reason)
        return self


@attrs.frozen
class Roster:
    """Every plugin found: verified ``offers`` sorted by name, no object twice, and ``faults``."""

    offers: tuple[Offer, ...]
    faults: tuple[Fault, ...] = ()

    def offer(self, name: str) -> Offer:
        """Give the offer of that name. Raises `PluginUnusable` for none, a fault, or several."""
        named = [offer for offer in self.offers if offer.name == name]
        if len(named) == 1:
            return named[0]
        item = _clash("name", name, named) if named else self._missing(name)
        raise PluginUnusable(item.name, item.origin, item.reason)

    def schemas(self) -> dict[str, type[msgspec.Struct]]:
        """Give the settings schema of each section owned by a plugin that has one."""
        return {
            offer.plugin.section: offer.plugin.settings
            for offer in self.offers
            if offer.plugin.section and offer.plugin.settings
        }

    def plan(
        self, *, sections: Collection[str] = (), enabled: Collection[str] = (), disabled: Collection[str] = ()
    ) -> Plan:
        """Give `survey`'s plan. Raises `PluginUnusable` when a configured plugin cannot be built."""
        return self.survey(sections=sections, enabled=enabled, disabled=disabled).check()

    def survey(
        self, *, sections: Collection[str] = (), enabled: Collection[str] = (), disabled: Collection[str] = ()
    ) -> Plan:
        """
        Say which plugins to build.

        ``sections`` are those present in the configuration: a plugin owning one is configured, as is one
        named in ``enabled``. ``disabled`` names plugins to leave out, ``"*"`` all that ``enabled`` does not
        name. A configured plugin which is missing or unusable is left out as ``fatal``, and so are two
        different plugins of one name or one section.
        """

        def off(names: Collection[str]) -> bool:
            starred = "*" in disabled and not any(name in enabled for name in names)
            return starred or any(name in disabled for name in names)

        left: list[LeftOut] = []
        candidates: list[Offer] = []
        for offer in self.offers:
            if not off([offer.name]):
                candidates.append(offer)
            elif offer.name in enabled:
                reason = "is both enabled and disabled in [plugins]"
                left.append(LeftOut(offer.name, offer.origin, "unusable", reason, fatal=True))
            else:
                left.append(LeftOut(offer.name, offer.origin, "disabled", "disabled in [plugins]"))
        for fault in self.faults:
            asked = [name for name in fault.names if name in enabled or name in sections]
            name = (asked or fault.names or ("-",))[-1]
            state = "disabled" if off(fault.names) and not fault.fatal else "unusable"
            fatal = state == "unusable" and (bool(asked) or fault.fatal)
            left.append(LeftOut(name, fault.origin, state, fault.reason, fatal))
        known = {offer.name for offer in self.offers} | {
            name for fault in self.faults for name in fault.names
        }
        left += [self._missing(name) for name in sorted(set(enabled) - known)]
        clashes = _clashes(candidates)
        taken = {name for clash, names in clashes for name in names}
        left += [clash for clash, names in clashes]
        wanted = set(enabled) | {offer.name for offer in self.offers if offer.plugin.section in sections}
        order, unmet = _ordered([offer for offer in candidates if offer.name not in taken], left)
        left += [attrs.evolve(item, fatal=item.name in wanted) for item in unmet]
        return Plan(order, tuple(left))

    def _missing(self, name: str) -> LeftOut:
        for fault in self.faults:
            if name in fault.names:
                return LeftOut(name, fault.origin, "unusable", fault.reason, fatal=True)
        import difflib  # for mistakes only: half a megabyte

        near = difflib.get_close_matches(name, [offer.name for offer in self.offers], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return LeftOut(name, "nowhere", "missing", f"is not installed{hint}", fatal=True)


def _clashes(offers: Sequence[Offer]) -> list[tuple[LeftOut, set[str]]]:
    """Give what is said of each name and section claimed by different plugins, and the names concerned."""
    claims: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        claims.setdefault(("name", offer.name), []).append(offer)
        if offer.plugin.section:
            claims.setdefault(("section", offer.plugin.section), []).append(offer)
    said: list[tuple[LeftOut, set[str]]] = []
    for (kind, value), claimants in claims.items():
        names = {offer.name for offer in claimants}
        if len(claimants) > 1 and not (kind == "section" and len(names) == 1):
            said.append((_clash(kind, value, claimants), names))
    return said


def _clash(kind: str, value: str, claimants: Sequence[Offer]) -> LeftOut:
    origin = " and ".join(dict.fromkeys(offer.origin for offer in claimants))
    names = ", ".join(dict.fromkeys(offer.name for offer in claimants))
    reason = f"the {kind} {value!r} is claimed {len(claimants)} times; uninstall or disable all but one"
    return LeftOut(names, origin, "unusable", reason, fatal=True)


def _ordered(offers: Iterable[Offer], left: Iterable[LeftOut]) -> tuple[tuple[Offer, ...], list[LeftOut]]:
    """Order offers by what they require, by name where that leaves a choice; explain those that cannot be."""
    remaining = {offer.name: offer for offer in offers}
    reasons = {item.name: item.reason for item in left}
    unmet: list[LeftOut] = []

    def drop(name: str, reason: str) -> None:
        reasons[name] = reason
        unmet.append(LeftOut(name, remaining.pop(name).origin, "unusable", reason))

    while True:
        lacking = _lacking(remaining)
        for name, needed in lacking.items():
            drop(name, f"requires {needed!r}, which {_clause(reasons.get(needed, 'is not installed'))}")
        if lacking:
            continue
        sorter = graphlib.TopologicalSorter(
            {name: remaining[name].plugin.requires for name in sorted(remaining)}
        )
        try:
            sorter.prepare()
        except graphlib.CycleError as error:
            cycle = list(reversed(error.args[1]))
            for name in sorted(set(cycle)):
                drop(name, f"requires itself: {' → '.join(cycle)}")
            continue
        order: list[Offer] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            order += [remaining[name] for name in ready]
            sorter.done(*ready)
        return tuple(order), unmet


def _lacking(offers: Mapping[str, Offer]) -> dict[str, str]:
    """Give, for each offer that lacks a requirement, the first it lacks."""
    return {
        name: next(needed for needed in offer.plugin.requires if needed not in offers)
        for name, offer in offers.items()
        if any(needed not in offers for needed in offer.plugin.requires)
    }


def _clause(reason: str) -> str:
    """Make a reason fit after ``which``."""
    return f"is {reason}" if reason.startswith("disabled") else reason
