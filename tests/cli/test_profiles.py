"""`aiwebengine profile` and the choice of the engine."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from aiwebengine.cli import command, profiles
from aiwebengine.cli.profiles import profiles_file
from tests.cli.test_remote import RemoteCase


class ProfileCase(RemoteCase):
    """With a configuration directory of its own and no variables."""

    def setUp(self) -> None:
        super().setUp()
        self.home = Path(self.mktemp()).resolve()
        self.file = self.home / "aiwebengine" / "profiles.json"

    def run_plain(self, *arguments: str, stdin: str | None = None, **variables: str | None) -> Any:
        names = ("AIWEBENGINE_URL", "AIWEBENGINE_API_KEY", "AIWEBENGINE_PROFILE")
        environment = {**dict.fromkeys(names), "XDG_CONFIG_HOME": str(self.home), **variables}
        return CliRunner(env=environment).invoke(command, list(arguments), input=stdin)

    def add(self, name: str, key: str = "", *more: str) -> None:
        arguments = ["profile", "add", name, "--url", self.url, *more]
        result = self.run_plain(*arguments, *(["--api-key-stdin"] if key else []), stdin=key + "\n")
        self.assertEqual(result.exit_code, 0, result.output)


class BookTests(ProfileCase):
    """Saving profiles."""

    def test_add_list_use_remove(self) -> None:
        """They are listed without their keys; one may be in use; keys stay out of what is printed."""
        self.add("box", "s3cret")
        self.add("plain", "", "--use")
        listed = self.run_plain("profile", "list")
        self.assertEqual(
            [line.split() for line in listed.output.splitlines()],
            [["NAME", "URL", "KEY"], ["box", self.url, "yes"], ["*", "plain", self.url, "no"]],
        )
        self.assertEqual(self.run_plain("profile", "use", "box").output, "box: in use\n")
        shown = json.loads(self.run_plain("profile", "list", "--json").output)
        self.assertEqual(shown["current"], "box")
        self.assertEqual(
            shown["profiles"][0], {"name": "box", "url": self.url, "has_key": True, "current": True}
        )
        self.assertEqual(
            json.loads(self.run_plain("profile", "remove", "box", "--json").output),
            {"name": "box", "removed": True},
        )
        self.assertIsNone(json.loads(self.run_plain("profile", "list", "--json").output)["current"])
        self.assertEqual(self.run_plain("profile", "use", "--none").output, "no profile in use\n")
        self.assertEqual(
            json.loads(self.run_plain("profile", "use", "plain", "--json").output), {"current": "plain"}
        )
        self.assertEqual(self.run_plain("profile", "remove", "plain").output, "plain: removed\n")

    def test_replaced(self) -> None:
        """Adding again replaces."""
        self.add("box", "one")
        arguments = ("profile", "add", "box", "--url", "https://other.example/", "--json")
        self.assertEqual(
            json.loads(self.run_plain(*arguments).output),
            {"name": "box", "url": "https://other.example", "has_key": False, "current": False},
        )
        self.assertIn("replaced", self.run_plain(*arguments[:-1]).output)

    def test_req_sec_005_file_is_private(self) -> None:
        """Only the owner can read the file; a file others can read is warned of, and mended when written."""
        self.add("box", "s3cret")
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        self.file.chmod(0o644)
        self.assertIn("chmod 600 it", self.run_plain("profile", "list").stderr)
        self.add("other")
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        self.assertEqual([one.name for one in self.file.parent.iterdir()], ["profiles.json"])

    def test_refused(self) -> None:
        """Names, URLs, keys and files that cannot be."""
        for arguments, stdin, status, text in (
            (("add", "a b", "--url", self.url), "", 2, "must be letters"),
            (("add", "a", "--url", "ftp://x"), "", 2, "no http or https URL"),
            (("add", "a", "--url", "http://u:p@x"), "", 2, "must not hold a user"),
            (("add", "a", "--url", self.url, "--api-key-stdin"), "  \n", 1, "holds no API key"),
            (("add", "a", "--url", self.url, "--api-key-stdin"), "é", 1, "holds no API key"),
            (("use",), "", 2, "give NAME or --none"),
            (("use", "nobody"), "", 1, "no profile 'nobody'; there are: none"),
            (("remove", "nobody"), "", 1, "no profile 'nobody'"),
        ):
            result = self.run_plain("profile", *arguments, stdin=stdin)
            self.assertEqual(result.exit_code, status, result.output)
            self.assertIn(text, result.output)
        self.assertFalse(self.file.exists())
        self.file.parent.mkdir(parents=True)
        self.file.write_text("{")
        self.assertIn("cannot be read: JSONDecodeError", self.run_plain("profile", "list").output)
        shutil.rmtree(self.home)
        self.home.write_text("a file")
        self.assertIn("cannot be", self.run_plain("profile", "add", "a", "--url", self.url).output)

    def test_prompt(self) -> None:
        """At a terminal the key is asked for, unseen."""
        asked: list[bool] = []

        def prompt(text: str, *, hide_input: bool, err: bool) -> str:
            asked.append(hide_input)
            return "typed"

        self.patch(profiles, "is_terminal", lambda stream: stream is sys.stdin)
        self.patch(click, "prompt", prompt)
        self.add("box", "ignored")
        self.assertEqual(asked, [True])
        self.assertEqual(json.loads(self.file.read_text())["profiles"]["box"]["api_key"], "typed")

    def test_place(self) -> None:
        """The file is in ~/.config when XDG_CONFIG_HOME is unset or relative."""
        for value in ("", "relative"):
            self.patch(os, "environ", {"XDG_CONFIG_HOME": value, "HOME": "/home/ada"})
            self.assertEqual(profiles_file(), Path("/home/ada/.config/aiwebengine/profiles.json"))


class ChoiceTests(ProfileCase):
    """Which engine a command talks to, and with which key."""

    def key_of(self, *arguments: str, **variables: str | None) -> str:
        self.will("GET", "/engine/scripts", 200, {"scripts": []})
        result = self.run_plain("scripts", "list", *arguments, **variables)
        self.assertEqual(result.exit_code, 0, result.output)
        return self.seen[-1].headers.get("authorization", "")

    def test_profile(self) -> None:
        """By --profile, by variable, or the one in use."""
        self.add("one", "k1")
        self.add("two", "k2", "--use")
        self.assertEqual(self.key_of(), "Bearer k2")
        self.assertEqual(self.key_of("--profile", "one"), "Bearer k1")
        self.assertEqual(self.key_of(AIWEBENGINE_PROFILE="one"), "Bearer k1")
        self.assertEqual(self.key_of("--profile", "one", AIWEBENGINE_URL="http://127.0.0.1:1"), "Bearer k1")
        self.assertEqual(self.key_of("--profile", "one", AIWEBENGINE_API_KEY="env"), "Bearer k1")
        self.assertEqual(self.key_of("--profile", "one", "--api-key", "given"), "Bearer given")

    def test_req_sec_005_key_stays_with_its_url(self) -> None:
        """With another URL the profile's key is not sent."""
        self.add("one", "k1", "--use")
        self.assertEqual(self.key_of("--url", self.url), "")
        self.assertEqual(self.key_of(AIWEBENGINE_URL=self.url), "")
        self.assertEqual(self.key_of("--url", self.url, AIWEBENGINE_PROFILE="one"), "")

    def test_profile_without_key(self) -> None:
        """Its key may come from the environment."""
        self.add("one")
        self.assertEqual(self.key_of("--profile", "one", AIWEBENGINE_API_KEY="env"), "Bearer env")

    def test_unclear(self) -> None:
        """--url and --profile together are refused; so is an unknown profile."""
        self.add("one")
        self.assertEqual(
            self.run_plain("scripts", "list", "--url", self.url, "--profile", "one").exit_code, 2
        )
        result = self.run_plain("scripts", "list", "--profile", "nine")
        self.assertIn("no profile 'nine'; there are: one", result.output)
