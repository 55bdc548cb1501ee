"""The reference in docs/CONFIGURATION.md is that of the schemas."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import CORE_SECTIONS
from aiwebengine.config.reference import BEGIN, END, main, reference_markdown, with_reference
from aiwebengine.config.schema import fields_of
from tests.config.support import SAMPLE

DOCUMENT = Path(__file__).parents[2] / "docs" / "CONFIGURATION.md"


class ReferenceTests(SynchronousTestCase):
    def test_req_cfg_003_the_document_is_in_step_with_the_schemas(self):
        text = DOCUMENT.read_text("utf-8")
        self.assertEqual(
            text, with_reference(text, CORE_SECTIONS), "run python -m aiwebengine.config.reference FILE"
        )

    def test_every_core_key_is_described(self):
        for name, struct in CORE_SECTIONS.items():
            for field in fields_of(struct):
                self.assertTrue(field.shape.description, f"{name}.{field.key}")
                self.assertIn(f"| `{field.key}` |", reference_markdown({name: struct}))

    def test_rows(self):
        text = reference_markdown(SAMPLE)
        self.assertIn("### `[sample]`\n\nA plugin's section.\n", text)
        for row in (
            "| `window.min_size` | an integer, at least 0 | `1` | *Reloaded.* |",
            "| `window.verbose` | true or false | `false`; development: `true` |  |",
            "| `providers.NAME.client_id` | a string | must be set |  |",
            '| `providers.NAME.client_secret` | a string, hidden | `""` | Of the client. |',
            "| `token` | a string, hidden |",
            "| `maybe` | an integer | not set |  |",
            '| `output-mode` | a string | `"plain"` |',
            "| `labels` | a table, at most 1 entries, each value an integer | `{}` |  |",
        ):
            self.assertIn(row, text)
        self.assertIn(
            '| `mode` | one of "development", "production" | `"production"`; development: `"development"` |',
            reference_markdown({"security": CORE_SECTIONS["security"]}),
        )

    def test_the_module_renews_a_file_between_its_markers(self):
        path = Path(self.mktemp())
        path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
        self.assertEqual(main([str(path)]), 0)
        text = path.read_text()
        self.assertTrue(text.startswith(f"before\n{BEGIN}\n\n### `[server]`"))
        self.assertTrue(text.endswith(f"\n\n{END}\nafter\n"))
        self.assertNotIn("old\n" + END, text)
        self.assertRaises(ValueError, with_reference, "no markers", CORE_SECTIONS)
