"""REQ-DATA-004: two engines on one repository."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.engine import EngineProcess
from tests.http.support import PATIENT_MS, all_at_once


class TwoEnginesTests(SynchronousTestCase):
    """What one engine does the other serves."""

    def test_req_data_004_two_engines(self) -> None:
        """Changes of public assets are seen by the other engine; of writes on one tag a single one wins."""
        root = Path(self.mktemp()).resolve()
        settings = {
            "server.request_timeout_ms": PATIENT_MS,
            "repository.database_url": f"sqlite:///{root / 'shared.db'}",
            "assets.refresh_ms": 50,
        }
        with (
            EngineProcess(str(root / "one"), settings=settings) as one,
            EngineProcess(str(root / "two"), settings=settings) as two,
        ):
            self.assertEqual(two.client.get("/a.txt").status, 404)
            put = one.admin.request("PUT", "/engine/assets/a.txt", "1")
            two.wait_for("the asset", lambda: two.client.get("/a.txt").text == "1")
            puts = [
                partial(engine.admin.request, "PUT", "/engine/assets/a.txt", f"{number}", {"If-Match": tag})
                for number, engine in enumerate([one, two] * 3)
                for tag in [put.header("etag") or ""]
            ]
            self.assertEqual(sorted(answer.status for answer in all_at_once(puts)), [200] + [412] * 5)
            hide = two.admin.request("PATCH", "/engine/assets/a.txt", '{"public": false}')
            self.assertEqual((hide.status, two.client.get("/a.txt").status), (200, 404))
            one.wait_for("its hiding", lambda: one.client.get("/a.txt").status == 404)
