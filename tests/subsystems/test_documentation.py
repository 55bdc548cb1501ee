"""The documentation's examples give what their comments say."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.subsystems.harness_encoding import Realm, all_pieces

DOCS = Path(__file__).parents[2] / "docs"
LINE = re.compile(
    r'^((?:escape|encode|base64|formatDate|hash).*?\))\s+// ("[^"]*"|Uint8Array \[.*\])', re.MULTILINE
)


class JavaScriptApisTests(SynchronousTestCase):
    def test_commented_results(self) -> None:
        """Each line ``call(…)  // "result"`` of javascript-apis.md holds."""
        realm = Realm(all_pieces())
        lines = LINE.findall((DOCS / "javascript-apis.md").read_text("utf-8"))
        self.assertGreaterEqual(len(lines), 9)
        for call, wanted in lines:
            made = realm.run(
                f"((v) => v instanceof Uint8Array ? `Uint8Array [${{[...v].join(', ')}}]` : v)({call})"
            )
            self.assertEqual(made, wanted.strip('"'), call)

    def test_template_example(self) -> None:
        """The template of javascript-apis.md gives the html that follows it."""
        text = (DOCS / "javascript-apis.md").read_text("utf-8")
        code, wanted = re.search(r"```js\n(const items.*?)\n// (<ul>.*?)\n```", text, re.DOTALL).groups()
        *head, last = code.split("\n")
        made = Realm(all_pieces()).run("(() => {" + "\n".join(head) + f"\nreturn {last};}})()")
        self.assertEqual(made, wanted)

    def test_every_name_is_described(self) -> None:
        """No name is left out of the page."""
        text = (DOCS / "javascript-apis.md").read_text("utf-8")
        for piece in all_pieces():
            for name in piece.names:
                if name not in ("Crypto", "SubtleCrypto"):
                    self.assertIn(name, text)
