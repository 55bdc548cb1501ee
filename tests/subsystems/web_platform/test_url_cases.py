"""URL against expectations recorded from an independent implementation of the URL standard."""

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.subsystems.web_platform.provider import WebPlatform
from tests.subsystems.web_platform.harness import Rig

_CASES = (Path(__file__).parent / "url_cases.json").read_text("utf-8")

_COMPARE = """
(function (cases) {
  const wrong = [];
  for (const [input, base, href] of cases.parse) {
    const url = base === null ? URL.parse(input) : URL.parse(input, base);
    if ((url === null ? null : url.href) !== href) wrong.push([input, base, url && url.href, href]);
    if (url !== null && new URL(url.href).href !== href) wrong.push([href, "again"]);
  }
  for (const [start, name, value, href] of cases.set) {
    const url = new URL(start);
    url[name] = value;
    if (url.href !== href) wrong.push([start, name, value, url.href, href]);
  }
  return JSON.stringify(wrong).replace(/[\\u0000\\ud800-\\udfff]/g, "?");
})
"""


class RecordedCasesTests(SynchronousTestCase):
    """Odd inputs: pieces of URLs thrown together by chance."""

    def test_req_jsapi_005_url_cases(self) -> None:
        """``[input, base, href or null]`` parses and ``[href, setter, value, href]`` sets as recorded."""
        cases = json.loads(_CASES)
        self.assertGreater(len(cases["parse"]) + len(cases["set"]), 300)
        rig = Rig(WebPlatform().pieces(), ["url"])
        wrong = json.loads(rig.eval(f"{_COMPARE}(JSON.parse({json.dumps(json.dumps(cases))}))"))
        self.assertEqual([], wrong)
