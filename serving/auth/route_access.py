"""Route access: how a route declares the scope that it requires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import params

from serving.auth.scopes import KeyScope, SessionScope


@dataclass(frozen=True)
class RouteAccess:
    """Access of a route: the scope that a key needs, a valid key of any scope, or no key at all."""

    scope: KeyScope | None = None
    public: bool = False
    session: SessionScope | None = None  # the session that opens the route too; None where only a key does
    changes: bool = False  # whether a session may also change something through the route, which then verifies forms

    def __call__(self) -> None:
        """Do nothing: the dependency only declares the access, and ``RawRoute.handle`` checks it."""


def requires(scope: KeyScope | None, session: SessionScope | None = None) -> params.Depends:
    """The dependency by which a route declares its scope: ``dependencies=[requires(KeyScope.PREDICT)]``."""
    return params.Depends(RouteAccess(scope, session=session))


PUBLIC = params.Depends(RouteAccess(public=True))
ANY_KEY = params.Depends(RouteAccess())
ANY_KEY_OR_READER = requires(None, SessionScope.DOCUMENTATION)


def declared_access(dependencies: Sequence[params.Depends]) -> RouteAccess | None:
    """The access that the dependencies of a route declare; None if they declare none, or more than one."""
    declared = [depends.dependency for depends in dependencies if isinstance(depends.dependency, RouteAccess)]
    return declared[0] if len(declared) == 1 else None
