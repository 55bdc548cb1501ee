"""Wheel, source distribution, editable install and bare checkout all know `twistd aiwebengine`."""

from __future__ import annotations

import signal
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine import VERSION
from tests.installing import ROOT, Environment, Running, copy_of_the_checkout, our_wheel

_TAPNAME = "aiwebengine      Serve isolated JavaScript over HTTP."


class PackagingCase(SynchronousTestCase):
    """Has directories of its own."""

    def directory(self) -> Path:
        """Give a new path, absolute."""
        path = Path(self.mktemp()).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class WheelTests(PackagingCase):
    """What `pip install aiwebengine` gives."""

    def test_content(self) -> None:
        """Every module and data file of the package is in, the twistd plugin too, and nothing else."""
        names = set(zipfile.ZipFile(our_wheel()).namelist())
        data = (".py", ".js", ".d.ts", ".html", ".css", ".sql", "py.typed")
        for file in (ROOT / "aiwebengine").rglob("*"):
            if "frontend" in file.parts:
                continue  # the sources of what is built into static/
            if file.is_file() and file.name.endswith(data):
                self.assertIn(file.relative_to(ROOT).as_posix(), names)
        self.assertIn("twisted/plugins/aiwebengine_service.py", names)
        self.assertNotIn("twisted/__init__.py", names)
        self.assertNotIn("twisted/plugins/__init__.py", names)
        tops = {name.partition("/")[0] for name in names}
        self.assertEqual(tops, {"aiwebengine", "twisted", f"aiwebengine-{VERSION}.dist-info"})

    def test_req_deploy_001_installed(self) -> None:
        """twistd lists the command and knows its options; uninstalling is clean."""
        environment = Environment.make(self.directory())
        environment.install(our_wheel())
        self.assertIn(_TAPNAME, environment.twistd("--help"))
        self.assertIn("--list-plugins", environment.twistd("aiwebengine", "--help"))
        self.assertTrue(environment.script("aiwebengine").exists())
        where = environment.run("-c", "import aiwebengine; print(aiwebengine.__file__)").strip()
        self.assertTrue(where.startswith(str(environment.site_packages)), where)
        listed = environment.run("-m", "aiwebengine", "plugins")
        self.assertIn(f"aiwebengine {VERSION}", listed)
        self.assertNotIn("unusable", listed)
        self.assertNotIn(str(ROOT), listed)
        environment.uninstall("aiwebengine")
        self.assertFalse(
            (environment.site_packages / "twisted" / "plugins" / "aiwebengine_service.py").exists()
        )


class SourceDistributionTests(PackagingCase):
    """What is published as source."""

    def test_content(self) -> None:
        """It holds what is needed to build, test and read, and no leftovers."""
        root = self.directory()
        source = copy_of_the_checkout(root / "source")
        environment = Environment.make(root / "venv")
        build = ("-m", "build", "--sdist", "--no-isolation", "--skip-dependency-check", "--outdir", str(root))
        environment.run(*build, cwd=source)
        (archive,) = root.glob("aiwebengine-*.tar.gz")
        with tarfile.open(archive) as tar:
            names = {name.partition("/")[2] for name in tar.getnames()}
        for name in (
            "LICENSE",
            "README.md",
            "CHANGELOG.md",
            "pyproject.toml",
            "setup.cfg",
            "aiwebengine/py.typed",
            "twisted/plugins/aiwebengine_service.py",
            "tests/test_packaging.py",
            "docs/plugins.md",
            "docs/requirements.toml",
            "scripts/serve",
            "scripts/test",
            "scripts/requirements.py",
            "examples/aiwebengine-example-plugin/pyproject.toml",
            "examples/aiwebengine-example-plugin/aiwebengine_example/example.js",
        ):
            self.assertIn(name, names)
        leftovers = [
            name for name in names if "__pycache__" in name or name.endswith((".pyc", "dropin.cache"))
        ]
        self.assertEqual(leftovers, [])


class EditableTests(PackagingCase):
    """`pip install -e .`, as scripts/serve does it."""

    def test_installed(self) -> None:
        """twistd knows the command, and our package stays a regular one beside another's drop-in."""
        root = self.directory()
        source = copy_of_the_checkout(root / "source")
        environment = Environment.make(root / "venv")
        environment.install("-e", source)
        self.assertIn(_TAPNAME, environment.twistd("--help"))
        self.assertIn("--list-plugins", environment.twistd("aiwebengine", "--help"))
        drop_in = environment.site_packages / "aiwebengine" / "plugins" / "aiwebengine_elsewhere.py"
        drop_in.parent.mkdir(parents=True)
        drop_in.write_text("1 / 0\n")
        listed = environment.run("-m", "aiwebengine", "plugins")
        self.assertIn(str(drop_in), listed)
        self.assertIn("ZeroDivisionError", listed)


class CheckoutTests(PackagingCase):
    """A checkout that is not installed."""

    def test_from_its_directory(self) -> None:
        """`python -m twisted aiwebengine` and `python -m aiwebengine` work there."""
        root = self.directory()
        source = copy_of_the_checkout(root / "source")
        environment = Environment.make(root / "venv")
        helped = environment.run("-m", "twisted", "aiwebengine", "--help", cwd=source)
        self.assertIn("--list-plugins", helped)
        self.assertIn(f"aiwebengine {VERSION}", environment.run("-m", "aiwebengine", "version", cwd=source))

    def test_by_pythonpath(self) -> None:
        """twistd knows the command with the checkout on PYTHONPATH, from anywhere."""
        root = self.directory()
        source = copy_of_the_checkout(root / "source")
        environment = Environment.make(root / "venv")
        self.assertIn(_TAPNAME, environment.twistd("--help", path=str(source)))


class PluginScaffoldTests(PackagingCase):
    """`aiwebengine plugins new`."""

    def test_made_built_installed_and_tested(self) -> None:
        """The scaffold builds as a wheel, is found once installed, and passes its own tests."""
        root = self.directory()
        environment = Environment.make(root)
        environment.install(our_wheel())
        environment.run("-m", "aiwebengine", "plugins", "new", "night-light", "--directory", root)
        made = root / "aiwebengine-night-light"
        environment.install(made)
        listed = environment.run("-m", "aiwebengine", "plugins")
        self.assertRegex(listed, r"night_light +on +\[night_light\] +aiwebengine-night-light 0\.1\.0 ")
        about = environment.run("-m", "aiwebengine", "plugins", "--about", "night_light")
        self.assertIn('greeting  (a string, not empty; default "Hello")', about)
        tested = environment.run("-m", "twisted.trial", "test_aiwebengine_night_light", cwd=made)
        self.assertIn("PASSED (successes=3)", tested)


class ApplicationScaffoldTests(PackagingCase):
    """`aiwebengine new` and `aiwebengine serve`."""

    def test_made_and_served(self) -> None:
        """The application of the scaffold answers, and ends when it is told to."""
        root = self.directory()
        root.mkdir()
        command = (sys.executable, "-m", "aiwebengine")
        environment = Environment.make(root / "venv")
        environment.run("-m", "aiwebengine", "new", "shop", "--directory", root, path=str(ROOT))
        serve = [*command, "serve", "--config", str(root / "shop" / "aiwebengine.toml")]
        running = Running.start(serve, root / "shop", path=str(ROOT))
        self.addCleanup(running.stop)
        with urllib.request.urlopen(f"{running.url}/hello?name=you") as answer:
            self.assertEqual(answer.read(), b"Hello, you!\n")
        self.assertIn("Open in a browser", running.log.read_text())
        self.assertIn(running.stop(), (0, -signal.SIGTERM))
