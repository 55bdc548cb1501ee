"""A persistent tree of path segments: an edit copies only the nodes it touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from aiwebengine.scripts.patterns import Pattern

__all__ = ["Edit", "Node"]

T = TypeVar("T")


class Node(Generic[T]):
    """One place in the tree. Never changed once an `Edit` has handed out its root."""

    __slots__ = ("children", "parameter", "rest", "values")

    def __init__(self) -> None:
        self.children: dict[str, Node[T]] = {}
        self.parameter: Node[T] | None = None
        self.values: dict[str, T] = {}
        self.rest: dict[str, T] = {}

    def copy(self) -> Node[T]:
        """Give a node that may be changed."""
        new: Node[T] = Node()
        new.children, new.parameter = dict(self.children), self.parameter
        new.values, new.rest = dict(self.values), dict(self.rest)
        return new

    @property
    def empty(self) -> bool:
        """Whether nothing lies here or below."""
        return not (self.children or self.values or self.rest or self.parameter)

    def candidates(self, segments: Sequence[str]) -> Iterator[tuple[dict[str, T], list[str]]]:
        """
        Give what the path may mean, best first: values by method, with the parameters' values in order.

        ``segments`` are decoded; a trailing empty one (a trailing slash) is ignored, but an empty rest needs
        it.
        """
        return self._below(segments, 0, [])

    def _below(
        self, segments: Sequence[str], at: int, values: list[str]
    ) -> Iterator[tuple[dict[str, T], list[str]]]:
        left = len(segments) - at
        if self.values and (left == 0 or (left == 1 and segments[at] == "")):
            yield self.values, values
        if left:
            segment = segments[at]
            child = self.children.get(segment)
            if child is not None:
                yield from child._below(segments, at + 1, values)
            if segment and self.parameter is not None:
                yield from self.parameter._below(segments, at + 1, [*values, segment])
            if self.rest:
                yield self.rest, [*values, "/".join(segments[at:])]


class Edit(Generic[T]):
    """A change in the making: ``root`` is the new tree, the old one stays as it was."""

    def __init__(self, root: Node[T]) -> None:
        self.root = root.copy()
        self._own: set[int] = {id(self.root)}

    def get(self, pattern: Pattern, method: str) -> T | None:
        """Give the value that a pattern has now, if any."""
        node = self.root
        for segment in pattern.segments:
            child = node.parameter if segment is None else node.children.get(segment)
            if child is None:
                return None
            node = child
        return (node.rest if pattern.wildcard else node.values).get(method)

    def put(self, pattern: Pattern, method: str, value: T) -> T | None:
        """Set a value; give the one it replaced."""
        node = self.root
        for segment in pattern.segments:
            child = node.parameter if segment is None else node.children.get(segment)
            child = self._mine(child)
            if segment is None:
                node.parameter = child
            else:
                node.children[segment] = child
            node = child
        values = node.rest if pattern.wildcard else node.values
        old = values.get(method)
        values[method] = value
        return old

    def remove(self, pattern: Pattern, method: str) -> None:
        """Take a value away, and the nodes that are empty then."""
        trail: list[tuple[Node[T], str | None]] = []
        node = self.root
        for segment in pattern.segments:
            child = self._mine(node.parameter if segment is None else node.children[segment])
            if segment is None:
                node.parameter = child
            else:
                node.children[segment] = child
            trail.append((node, segment))
            node = child
        (node.rest if pattern.wildcard else node.values).pop(method, None)
        for parent, segment in reversed(trail):
            if not node.empty:
                break
            if segment is None:
                parent.parameter = None
            else:
                del parent.children[segment]
            node = parent

    def _mine(self, node: Node[T] | None) -> Node[T]:
        if node is not None and id(node) in self._own:
            return node
        new: Node[T] = Node() if node is None else node.copy()
        self._own.add(id(new))
        return new
