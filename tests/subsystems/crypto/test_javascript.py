"""The JavaScript tests of the crypto names."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.subsystems.harness_encoding import JavaScriptTests


class CryptoJavaScriptTests(JavaScriptTests, SynchronousTestCase):
    folder = Path(__file__).parent / "js"
