"""Tests for aiwebengine.repository.health."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IHealthCheck
from aiwebengine.repository import MemoryRepository, RepositoryUnavailable
from aiwebengine.repository.health import RepositoryHealth


class Plain:
    """A repository that knows nothing of health."""

    def __init__(self, repository):
        self.scripts = repository.scripts


class HealthTests(SynchronousTestCase):
    """What ``/health`` shows of the repository."""

    def test_checked(self):
        """The repository speaks for itself, or is read from; its error is passed on."""
        repository = MemoryRepository()
        check = RepositoryHealth(repository)
        verifyObject(IHealthCheck, check)
        report = self.successResultOf(Deferred.fromCoroutine(check.check()))
        self.assertEqual((report["status"], report["backend"]), ("healthy", "memory"))
        plain = RepositoryHealth(Plain(repository))
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(plain.check())), {"status": "healthy"})

        def fault(operation):
            raise RepositoryUnavailable("memory:", "on purpose")

        repository.fault = fault
        for one in (check, plain):
            self.failureResultOf(Deferred.fromCoroutine(one.check()), RepositoryUnavailable)
