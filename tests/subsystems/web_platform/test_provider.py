"""The provider, its descriptor, its typings, and what a piece needs."""

import re

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IPlugin, IScriptGlobals
from aiwebengine.plugins.aiwebengine_web_platform import web_platform
from aiwebengine.subsystems.web_platform.provider import WebPlatform
from tests.subsystems.web_platform.harness import Rig

_PIECES = WebPlatform().pieces()
_NAMES = {name for piece in _PIECES for name in piece.names}


class ProviderTests(SynchronousTestCase):
    """What the engine asks of the provider."""

    def test_interfaces(self) -> None:
        """The descriptor and the provider provide what they say."""
        verifyObject(IPlugin, web_platform)
        provider = web_platform.build(None, None)  # type: ignore[arg-type]
        verifyObject(IScriptGlobals, provider)
        self.assertIsInstance(provider, WebPlatform)
        self.assertIsNone(web_platform.settings)

    def test_nothing_of_the_host(self) -> None:
        """The web platform has no operations and registers nothing."""
        self.assertEqual({}, WebPlatform().operations())
        self.assertEqual({}, WebPlatform().registrations())

    def test_names(self) -> None:
        """The contract's names are there, each from one piece; private pieces give none."""
        contract = """
            URL URLSearchParams Headers Request Response FormData Blob File structuredClone
            AbortController AbortSignal ReadableStream setTimeout clearTimeout setInterval clearInterval
            queueMicrotask performance
            Event EventTarget CustomEvent DOMException navigator reportError
        """
        self.assertEqual(set(), set(contract.split()) - _NAMES)
        self.assertEqual(len(_NAMES), sum(len(piece.names) for piece in _PIECES))

    def test_typings_declare_every_name(self) -> None:
        """Each name a script sees is declared, and nothing else is declared as a value."""
        declared = set(
            re.findall(r"^declare (?:class|function|const) (\w+)", WebPlatform().typings(), re.MULTILINE)
        )
        self.assertEqual(_NAMES, declared)


class PieceTests(SynchronousTestCase):
    """Each piece by itself."""

    def test_needs_are_enough(self) -> None:
        """A piece is evaluated with no more than it says it needs, and gives its names."""
        for piece in _PIECES:
            rig = Rig(_PIECES, [piece.name])
            for name in piece.names:
                self.assertNotEqual("undefined", rig.eval(f"typeof {name}"), f"{piece.name}: {name}")

    def test_small_things_load_little(self) -> None:
        """A script that uses one class does not pay for the others."""

        def loaded(*wanted: str) -> set[str]:
            return {piece.name for piece in Rig(_PIECES, wanted).loaded}

        self.assertEqual({"webidl", "headers"}, loaded("headers"))
        self.assertEqual({"webidl", "timers"}, loaded("timers"))
        self.assertFalse({"readable-stream", "abort"} & loaded("url"))
        self.assertFalse({"url", "url-parser", "abort", "blob", "formdata", "multipart"} & loaded("response"))

    def test_optional_pieces_are_asked_for(self) -> None:
        """What a script's text does not name is refused with a message that says so."""
        failures = Rig(_PIECES, ["request", "response"]).run_tests(
            """
            test("without the other pieces", async () => {
              const headers = { "content-type": "application/x-www-form-urlencoded" };
              const make = () => new Response("x=1", { headers });
              same(await make().clone().text(), "x=1");
              for (const word of ["blob", "formData"]) {
                const error = await rejects(TypeError, make()[word]());
                same(error.message, `${word} is not available: the script's text does not name it`);
              }
              const redirecting = throws(TypeError, () => piece("request").makeRequest("http://a/").signal);
              same(redirecting.message.startsWith("signal is not available"), true);
              throws(TypeError, () => new Request("http://a/", { signal: {} }));
              same(new Request(new Request("http://a/")).clone().url, "http://a/");
            });
            """
        )
        self.assertEqual([], failures)
        alone = Rig(_PIECES, ["response"])
        self.assertEqual(
            "TypeError", alone.eval("try { Response.redirect('http://a/') } catch (error) { error.name }")
        )

    def test_state_is_the_requests(self) -> None:
        """The only state of a piece is in the request's own object, and a new request starts anew."""
        rig = Rig(_PIECES, ["performance"])
        rig.eval("performance.now()")
        origin = rig.eval("performance.timeOrigin")
        rig.advance(500)
        self.assertEqual(origin, rig.eval("performance.timeOrigin"))
        rig.eval("delete __rig.locals.performance")
        self.assertEqual(origin + 500, rig.eval("performance.timeOrigin"))

    def test_realm_cost(self) -> None:
        """All pieces together stay below the memory budget of a realm (1.5 MB)."""
        bare = Rig(_PIECES, [], frozen=False).context.memory()["memory_used_size"]
        full = Rig(_PIECES, frozen=False).context.memory()["memory_used_size"]
        self.assertLess(full - bare, 1_500_000)
