"""`aiwebengine assets`, against a server with prepared answers and against a real engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from aiwebengine.cli import command
from tests.cli.test_remote import RemoteCase
from tests.http.support import EngineCase


def record(name: str, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": name,
        "content_type": "text/plain",
        "size": 3,
        "updated_at": "2026-01-01T00:00:00.000Z",
        "public": True,
        "url": f"/{name}",
    }
    return given | fields


class AssetsTests(RemoteCase):
    """What is asked of the engine, and said about its answers."""

    def test_req_asset_003_list(self) -> None:
        """Every page is asked for; a line per asset."""
        first = {"assets": [record("a b.txt")], "next": "a b.txt"}
        second = {"assets": [record("b.txt", url=None)], "next": None}
        for _ in range(2):
            self.will("GET", "/engine/assets?limit=1000", 200, first)
            self.will("GET", "/engine/assets?after=a+b.txt&limit=1000", 200, second)
        lines = self.run_command("assets", "list").output.splitlines()
        self.assertEqual(lines[0].split("  ")[0], "NAME")
        self.assertTrue(lines[1].endswith("/a b.txt"))
        self.assertEqual(lines[2].split()[-1], "-")
        shown = json.loads(self.run_command("assets", "list", "--json").output)
        self.assertEqual([one["name"] for one in shown["assets"]], ["a b.txt", "b.txt"])

    def test_req_asset_002_put(self) -> None:
        """Files by their names, directories by the paths below them; hidden ones are left out."""
        root = Path(self.mktemp())
        (root / "sub").mkdir(parents=True)
        (root / "sub" / "ä.css").write_bytes(b"a{}")
        (root / ".hidden").write_bytes(b"x")
        (root / "one.txt").write_bytes(b"1")
        self.will("PUT", "/engine/assets/p%2Fone.txt", 201, record("p/one.txt"))
        self.will("PUT", "/engine/assets/p%2Fone.txt", 200, record("p/one.txt"))
        self.will("PUT", "/engine/assets/p%2Fsub%2F%C3%A4.css", 201, record("p/sub/ä.css"))
        result = self.run_command("assets", "put", str(root / "one.txt"), str(root), "--prefix", "p/")
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertEqual(
            result.output.splitlines(),
            ["p/one.txt: stored, 1 bytes", "p/one.txt: replaced, 1 bytes", "p/sub/ä.css: stored, 3 bytes"],
        )
        self.assertEqual([one.body for one in self.seen], [b"1", b"1", b"a{}"])
        self.assertEqual(self.seen[0].headers["content-type"], "application/octet-stream")

    def test_put_refused(self) -> None:
        """One that is refused is named with the reason; the others are stored, the exit status is 1."""
        root = Path(self.mktemp())
        root.mkdir()
        for name in ("a.exe", "b.txt"):
            (root / name).write_bytes(b"x")
        refusal = self.refusal(415, "UNSUPPORTED_MEDIA_TYPE", "a.exe: the type is not allowed.")
        for _ in range(2):
            self.will("PUT", "/engine/assets/a.exe?public=false", *refusal)
            self.will("PUT", "/engine/assets/b.txt?public=false", 201, record("b.txt"))
        result = self.run_command("assets", "put", str(root), "--private", "--type", "text/x")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("a.exe: a.exe: the type is not allowed. (415 UNSUPPORTED_MEDIA_TYPE)", result.output)
        self.assertIn("b.txt: stored", result.output)
        self.assertEqual(self.seen[0].headers["content-type"], "text/x")
        result = self.run_command("assets", "put", str(root), "--private", "--json")
        shown = json.loads(result.output)
        self.assertEqual((result.exit_code, len(shown["assets"])), (1, 1))
        self.assertEqual(shown["failed"][0]["name"], "a.exe")

    def test_get(self) -> None:
        """The bytes as they are, to a file, or what is known of it."""
        for _ in range(2):
            self.will("GET", "/engine/assets/a%2Fb.bin", 200, b"\x00\xff\n")
        self.will("GET", "/engine/assets/a%2Fb.bin", 200, record("a/b.bin"))
        self.assertEqual(self.run_command("assets", "get", "a/b.bin").stdout_bytes, b"\x00\xff\n")
        file = Path(self.mktemp())
        self.assertEqual(self.run_command("assets", "get", "a/b.bin", "-o", str(file)).exit_code, 0)
        self.assertEqual(file.read_bytes(), b"\x00\xff\n")
        shown = json.loads(self.run_command("assets", "get", "a/b.bin", "--json").output)
        self.assertEqual(shown["name"], "a/b.bin")
        missing = self.run_command("assets", "get", "no")
        self.assertEqual((missing.exit_code, missing.stdout_bytes), (1, b""))

    def test_delete(self) -> None:
        """Each that is there is deleted; one that is not makes the exit status 1."""
        for _ in range(2):
            self.will("DELETE", "/engine/assets/a", 204)
            self.will("DELETE", "/engine/assets/b", *self.refusal(404, "NOT_FOUND", "There is no asset 'b'."))
        result = self.run_command("assets", "delete", "a", "b")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("a: deleted", result.output)
        self.assertIn("b: There is no asset 'b'. (404 NOT_FOUND)", result.output)
        result = self.run_command("assets", "delete", "a", "b", "--json")
        self.assertEqual(json.loads(result.output)["deleted"], ["a"])

    def test_unreached(self) -> None:
        """An engine that does not answer ends it at once."""
        file = Path(self.mktemp())
        file.write_bytes(b"x")
        for arguments in (("put", str(file)), ("delete", "a"), ("list",)):
            result = self.run_command("assets", *arguments, AIWEBENGINE_URL="http://127.0.0.1:1")
            self.assertEqual(result.exit_code, 1)
            self.assertIn("does not answer", result.output)


class EngineTests(EngineCase):
    """The same on a real engine."""

    settings = {"repository.database_url": "memory:"}

    def test_req_asset_002_there_and_back(self) -> None:
        """What is put is served, listed, read and deleted."""
        root = Path(self.mktemp())
        root.mkdir()
        (root / "site.css").write_bytes(b"a{}")
        variables = {"AIWEBENGINE_URL": self.engine.url, "AIWEBENGINE_API_KEY": self.engine.api_key}

        def run(*arguments: str) -> Any:
            result = CliRunner(env=variables).invoke(command, ["assets", *arguments])
            self.assertEqual(result.exit_code, 0, result.output)
            return result

        run("put", str(root), "--prefix", "css/")
        self.assertEqual(self.get("/css/site.css").header("content-type"), "text/css; charset=utf-8")
        self.assertIn("css/site.css", run("list", "--prefix", "css/").output)
        self.assertEqual(run("get", "css/site.css").stdout_bytes, b"a{}")
        run("delete", "css/site.css")
        self.assertEqual(self.get("/css/site.css").status, 404)
