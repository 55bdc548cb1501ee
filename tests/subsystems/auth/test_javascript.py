"""The JavaScript tests of the auth names."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.subsystems.harness_encoding import JavaScriptTests


class AuthJavaScriptTests(JavaScriptTests, SynchronousTestCase):
    folder = Path(__file__).parent / "js"
