"""Who is asking, and what that lets them do."""

from __future__ import annotations

from typing import Any

import attrs

from aiwebengine.errors import HTTPProblem

__all__ = ["ADMIN", "DEPLOY", "READ", "ROLES", "Caller", "caller_of", "require"]

READ, DEPLOY, ADMIN = "read", "deploy", "admin"
#: In ascending order: each may do what those before it may.
ROLES = (READ, DEPLOY, ADMIN)


@attrs.frozen
class Caller:
    """
    Someone who was let in.

    ``name`` is a key's name (``api`` for ``security.api_key``), a user's, or ``local``; ``how`` is ``key``,
    ``session`` or ``local`` (a program on this machine, in development).
    """

    name: str
    role: str
    how: str = "key"

    def may(self, role: str) -> bool:
        """Tell whether the caller's role includes another."""
        return ROLES.index(self.role) >= ROLES.index(role)


def caller_of(request: Any) -> Caller:
    """Give who sent the request; the guard has noted it there."""
    caller: Caller = request.caller
    return caller


def require(request: Any, role: str) -> None:
    """Raise `HTTPProblem` 403 unless the caller may do what takes this role."""
    caller = caller_of(request)
    if not caller.may(role):
        raise HTTPProblem(
            403,
            "FORBIDDEN",
            f"This takes the role {role}; {caller.name} has the role {caller.role}.",
            {"required_role": role, "role": caller.role},
        )
