"""Tests of `aiwebengine.config.unsupported`."""

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import ConfigurationSources, load, unsupported
from aiwebengine.config.unsupported import refuse_unsupported
from aiwebengine.errors import ConfigurationInvalid


class RefuseUnsupportedTests(SynchronousTestCase):
    """What would silently do nothing is refused."""

    def test_defaults_pass(self) -> None:
        """The defaults name nothing that is not there."""
        refuse_unsupported(load(ConfigurationSources(variables={})))

    def test_postgresql(self) -> None:
        """PostgreSQL is supported where psycopg is installed, and otherwise refused saying so."""
        for scheme in ("postgresql", "postgres"):
            setting = f"repository.database_url={scheme}://u:hunter2@h/d"
            configuration = load(ConfigurationSources(variables={}, settings=(setting,)))
            self.patch(unsupported, "_has_psycopg", lambda: True)
            refuse_unsupported(configuration)
            self.patch(unsupported, "_has_psycopg", lambda: False)
            error = self.assertRaises(ConfigurationInvalid, refuse_unsupported, configuration)
            self.assertIn("pip install 'aiwebengine[postgres]'", str(error))
            self.assertNotIn("hunter2", str(error))

    def test_req_cfg_002_all_at_once(self) -> None:
        """Several fronts, a bus and an unknown database are named together, without the password."""
        settings = (
            "server.processes=2",
            "bus.url=redis://:hunter2@h",
            "repository.database_url=mysql://u:hunter2@h/d",
        )
        configuration = load(ConfigurationSources(variables={}, settings=settings))
        error = self.assertRaises(ConfigurationInvalid, refuse_unsupported, configuration)
        self.assertEqual(
            [problem.key for problem in error.problems],
            ["server.processes", "bus.url", "repository.database_url"],
        )
        self.assertNotIn("hunter2", str(error))
