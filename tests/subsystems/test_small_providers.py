"""The providers and descriptors of encoding, crypto and auth."""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IPlugin, IScriptGlobals
from aiwebengine.plugins.aiwebengine_auth import auth
from aiwebengine.plugins.aiwebengine_crypto import crypto
from aiwebengine.plugins.aiwebengine_encoding import encoding
from tests.subsystems.harness_encoding import JSError, Realm, all_pieces, with_needs

PLUGINS = (encoding, crypto, auth)
NAMES = {
    "encoding": "TextEncoder TextDecoder atob btoa escapeHtml escapeJs escapeCss encodeUrl decodeUrl html "
    "base64 hash hmac formatDate parseDate",
    "crypto": "crypto Crypto CryptoKey SubtleCrypto",
    "auth": "auth definePolicy",
}


class ProviderTests(SynchronousTestCase):
    def test_descriptors_and_providers_keep_their_interfaces(self) -> None:
        """Each is what its interface says and brings neither operations nor registrations."""
        for plugin in PLUGINS:
            verifyObject(IPlugin, plugin)
            provider = plugin.build(None, None)
            verifyObject(IScriptGlobals, provider)
            self.assertEqual((dict(provider.operations()), dict(provider.registrations())), ({}, {}))

    def test_names_and_typings(self) -> None:
        """Each gives its names, and declares every one in its typings."""
        for plugin in PLUGINS:
            provider = plugin.build(None, None)
            names = [name for piece in provider.pieces() for name in piece.names]
            self.assertEqual(sorted(names), sorted(NAMES[plugin.name].split()))
            for name in names:
                self.assertRegex(provider.typings(), rf"declare (const|var|function) {name}\b")

    def test_needs_stay_within_what_a_plugin_requires(self) -> None:
        """The needs of encoding and auth are their own; crypto needs encoding and says so."""
        own = {plugin.name: {piece.name for piece in plugin.build(None, None).pieces()} for plugin in PLUGINS}
        for plugin in PLUGINS:
            known = own[plugin.name].union(*(own[name] for name in plugin.requires))
            for piece in plugin.build(None, None).pieces():
                self.assertLessEqual(set(piece.needs), known, piece.name)

    def test_each_piece_loads_with_its_needs_alone(self) -> None:
        """No piece counts on one that its header does not name."""
        for piece in all_pieces():
            realm = Realm(with_needs([piece.name]))
            for name in piece.names:
                self.assertNotEqual(realm.run(f"typeof {name}"), "undefined")

    def test_req_js_001_nothing_is_shared_but_the_frozen(self) -> None:
        """A write to anything that a piece returns fails and changes nothing."""
        realm = Realm(all_pieces())
        for target in (
            "html.raw",
            "base64.encode",
            "crypto.randomUUID",
            "auth.can",
            "TextDecoder.prototype.decode",
        ):
            error = self.assertRaises(JSError, realm.run, f"(() => {{ 'use strict'; {target} = 1; }})()")
            self.assertEqual(error.name, "TypeError")
            self.assertEqual(realm.run(f"typeof {target}"), "function")

    def test_policies_are_local_to_a_request(self) -> None:
        """What one request defines, the next does not have."""
        realm = Realm(all_pieces())
        realm.run("definePolicy('see', () => true)")
        self.assertTrue(realm.run("auth.can('see')"))
        realm.set_request({"auth": {"isAuthenticated": True, "userId": "u1", "roles": []}})
        self.assertFalse(realm.run("auth.can('see')"))
        self.assertEqual(realm.run("auth.userId"), "u1")

    def test_req_auth_004_refusals_carry_their_status(self) -> None:
        """Uncaught, they tell the engine 401 and 403."""
        realm = Realm(all_pieces())
        error = self.assertRaises(JSError, realm.run, "auth.requireAuth()")
        self.assertEqual((error.name, error.status), ("AuthenticationError", 401))
        realm.set_request({"auth": {"isAuthenticated": True, "userId": "u1", "roles": ["reader"]}})
        error = self.assertRaises(JSError, realm.run, "auth.requireRole('admin')")
        self.assertEqual((error.name, error.status), ("PermissionError", 403))
        self.assertEqual(realm.run("auth.requireRole('reader').id"), "u1")
