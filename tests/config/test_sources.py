"""Which files are read, in which order, and what stands above them."""

import os
from pathlib import Path

from aiwebengine.config import ConfigurationSources
from aiwebengine.config.encrypted import encrypt
from tests.config.support import ConfigurationTestCase

KEY = "correct horse battery"


class PrecedenceTests(ConfigurationTestCase):
    def test_req_cfg_001_set_over_environment_over_files_over_defaults(self):
        self.assertEqual(self.load().section("server").port, 8080)
        self.write("aiwebengine.toml", "[server]\nport = 1\n")
        self.assertEqual(self.load().section("server").port, 1)
        variables = {"AIWEBENGINE_SERVER__PORT": "2"}
        self.assertEqual(self.load(variables=variables).section("server").port, 2)
        configuration = self.load(variables=variables, settings=["server.port=3", "server.port=4"])
        self.assertEqual(configuration.section("server").port, 4)
        self.assertEqual(configuration.origins["server.port"], "--set")
        self.assertEqual(configuration.origins["server.host"], "default")

    def test_a_later_file_wins_and_tables_merge_while_lists_do_not(self):
        self.write(
            "a.toml", '[server]\nport = 1\ntrusted_proxies = ["10.0.0.1"]\n[security.headers]\nX-A = "1"\n'
        )
        self.write("b.yaml", "server:\n  host: '::1'\n  trusted_proxies: [10.0.0.2]\n")
        self.write("c.json5", "{security: {headers: {'X-B': '2', 'X-Frame-Options': ''}}}")
        configuration = self.load(files=["a.toml", "b.yaml", "c.json5"])
        server, headers = configuration.section("server"), configuration.section("security").headers
        self.assertEqual((server.port, server.host, server.trusted_proxies), (1, "::1", ("10.0.0.2",)))
        self.assertEqual((headers["X-A"], headers["X-B"], headers["X-Frame-Options"]), ("1", "2", ""))
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(configuration.origins["server.trusted_proxies"], "b.yaml:3")
        self.assertEqual(configuration.origins["security.headers.X-A"], "a.toml:5")
        self.assertEqual(configuration.origins["security.headers.Referrer-Policy"], "default")
        self.assertEqual(configuration.files, ("a.toml", "b.yaml", "c.json5"))
        self.assertEqual(
            self.load(files=["b.yaml", "a.toml"]).section("server").trusted_proxies, ("10.0.0.1",)
        )

    def test_scripts_and_listen_options_stand_for_their_keys(self):
        self.write("aiwebengine.toml", '[scripts]\ndirectories = ["x"]\n')
        configuration = self.load(scripts=["a", "b"], listen=["tcp:0"])
        self.assertEqual(configuration.section("scripts").directories, ("a", "b"))
        self.assertEqual(configuration.origins["scripts.directories"], "--scripts")
        self.assertEqual(configuration.section("server").listen, ("tcp:0",))
        self.assertEqual(self.problem(listen=["tcp:x"]).split(":")[0], "--listen")


class FilesTests(ConfigurationTestCase):
    def test_without_a_file_the_defaults_serve(self):
        configuration = self.load()
        self.assertEqual((configuration.files, configuration.environment), ((), "production"))

    def test_each_default_name_is_found(self):
        for name, text in (
            ("aiwebengine.toml", "[server]\nport = 7"),
            ("aiwebengine.yaml", "server: {port: 7}"),
            ("aiwebengine.yml", "server: {port: 7}"),
            ("aiwebengine.json5", "{server: {port: 7}}"),
        ):
            path = self.write(name, text)
            self.assertEqual(self.load().section("server").port, 7)
            path.unlink()

    def test_two_default_names_are_one_too_many(self):
        self.write("aiwebengine.toml", "")
        self.write("aiwebengine.yml", "")
        self.assertIn("only one of aiwebengine.toml, aiwebengine.yml", self.problem())

    def test_the_variable_names_files_unless_options_do(self):
        self.write("aiwebengine.toml", "[server]\nport = 1\n")
        self.write("a.toml", "[server]\nport = 2\n")
        self.write("b.toml", "[server]\nport = 3\n")
        variables = {"AIWEBENGINE_CONFIG": os.pathsep.join(["a.toml", "b.toml"])}
        self.assertEqual(self.load(variables=variables).section("server").port, 3)
        self.assertEqual(self.load(variables=variables, files=["a.toml"]).section("server").port, 2)
        self.assertEqual(self.load(variables={"AIWEBENGINE_CONFIG": ""}).section("server").port, 1)

    def test_what_cannot_be_read_is_named(self):
        self.write("a.ini", "")
        self.write("dir/x", "")
        self.write("latin.toml", b"# a\n# \xe9\n")
        self.write("bad.toml", "[server]\nport = \n")
        problems = self.problems(files=["a.ini", "none.toml", "dir", "latin.toml", "bad.toml"])
        self.assertEqual(problems[0], "a.ini: a file name ending in .toml, .yaml, .yml, .json5 was expected")
        self.assertEqual(problems[1], "none.toml: cannot be read: No such file or directory")
        self.assertIn("dir: a file name", problems[2])
        self.assertEqual(problems[3], "latin.toml:2: UTF-8 text was expected")
        self.assertTrue(problems[4].startswith("bad.toml:2:8: not valid TOML"), problems[4])

    def test_a_byte_order_mark_is_nothing(self):
        self.write("aiwebengine.toml", b"\xef\xbb\xbf[server]\nport = 7\n")
        self.assertEqual(self.load().section("server").port, 7)

    def test_a_file_elsewhere_is_shown_whole(self):
        other = Path(self.mktemp()).absolute()
        other.mkdir()
        (other / "x.toml").write_text("[server]\nport = 7\n")
        configuration = self.load(files=[other / "x.toml"])
        self.assertEqual(configuration.origins["server.port"], f"{other}/x.toml:2")

    def test_the_process_surroundings_are_the_default(self):
        sources = ConfigurationSources(settings=["security.api_key=hunter2"])
        self.assertEqual((sources.directory, sources.variables), (Path.cwd(), dict(os.environ)))
        self.assertNotIn("hunter2", repr(sources))


class EnvironmentTests(ConfigurationTestCase):
    def test_req_cfg_002_the_environment_picks_a_file_beside_each_base(self):
        self.write("aiwebengine.toml", "[server]\nport = 1\nbacklog = 1\n")
        self.write("aiwebengine.staging.yaml", "server: {port: 2}\n")
        self.write("other/base.toml", "[server]\nbacklog = 3\n")
        self.write("other/aiwebengine.staging.toml", "[server]\nbacklog = 4\n")
        self.assertEqual(self.load().section("server").port, 1)
        configuration = self.load(environment="staging")
        self.assertEqual(configuration.section("server").port, 2)
        self.assertEqual(configuration.environment, "staging")
        configuration = self.load(files=["aiwebengine.toml", "other/base.toml"], environment="staging")
        self.assertEqual(configuration.section("server").backlog, 4)
        self.assertEqual(
            configuration.files,
            (
                "aiwebengine.toml",
                "aiwebengine.staging.yaml",
                "other/base.toml",
                "other/aiwebengine.staging.toml",
            ),
        )

    def test_one_overlay_follows_the_last_base_of_its_directory(self):
        for name in ("a.toml", "b.toml", "aiwebengine.staging.toml"):
            self.write(name, "")
        configuration = self.load(files=["a.toml", "b.toml"], environment="staging")
        self.assertEqual(configuration.files, ("a.toml", "b.toml", "aiwebengine.staging.toml"))
        configuration = self.load(files=["aiwebengine.staging.toml", "a.toml"], environment="staging")
        self.assertEqual(configuration.files, ("aiwebengine.staging.toml", "a.toml"))

    def test_two_overlays_are_one_too_many(self):
        self.write("aiwebengine.toml", "")
        self.write("aiwebengine.staging.toml", "")
        self.write("aiwebengine.staging.json5", "")
        self.assertIn("only one of", self.problem(environment="staging"))

    def test_the_option_wins_over_the_variable(self):
        variables = {"AIWEBENGINE_ENV": "staging"}
        self.assertEqual(self.load(variables=variables).environment, "staging")
        self.assertEqual(self.load(variables=variables, environment="test").environment, "test")
        for options, environment in (({}, "development"), ({"variables": variables}, "staging")):
            configuration = self.load(default_environment="development", **options)
            self.assertEqual(configuration.environment, environment)

    def test_the_commands_variables_are_passed_over(self):
        variables = {
            "AIWEBENGINE_URL": "http://127.0.0.1:8080",
            "AIWEBENGINE_PROFILE": "live",
            "AIWEBENGINE_API_KEY": "of the engine that the command talks to",
        }
        development = variables | {"AIWEBENGINE_ENV": "development"}
        self.assertEqual(self.load(variables=development).section("security").api_key.reveal(), "")
        # On a server the last one is most likely a mistake that leaves the engine without its key.
        self.assertIn("did you mean AIWEBENGINE_SECURITY__API_KEY?", self.problem(variables=variables))
        # A command that starts no engine has no use for that key.
        offline = self.load(variables=variables, starts_engine=False)
        self.assertEqual(offline.section("security").api_key.reveal(), "")

    def test_a_name_that_is_no_name_is_refused(self):
        self.assertIn("--env: environment = '../x'", self.problem(environment="../x"))
        self.assertIn("AIWEBENGINE_ENV: environment", self.problem(variables={"AIWEBENGINE_ENV": "A B"}))

    def test_defaults_follow_the_environment(self):
        for environment, mode, watch, url in (
            ("production", "production", False, "sqlite:///var/aiwebengine.db"),
            ("staging", "production", False, "sqlite:///var/aiwebengine.db"),
            ("development", "development", True, "sqlite:///var/aiwebengine.db"),
            ("test", "production", False, "memory:"),
        ):
            configuration = self.load(environment=environment)
            self.assertEqual(configuration.section("security").mode, mode)
            self.assertEqual(configuration.section("scripts").watch, watch)
            self.assertEqual(configuration.section("repository").database_url.reveal(), url)
        self.assertEqual(configuration.origins["repository.database_url"], "default for test")
        self.assertFalse(
            self.load(environment="development", settings=["scripts.watch=no"]).section("scripts").watch
        )


class DotenvTests(ConfigurationTestCase):
    def test_it_is_read_in_development_only_below_the_real_environment(self):
        self.write(".env", "AIWEBENGINE_SERVER__PORT=1\nAIWEBENGINE_SERVER__BACKLOG=2\nKEY=hunter2\n")
        self.write("aiwebengine.toml", '[server]\nport = 5\n[security]\napi_key = {env = "KEY"}\n')
        variables = {"AIWEBENGINE_SERVER__BACKLOG": "3"}
        configuration = self.load(environment="development", variables=variables)
        server = configuration.section("server")
        self.assertEqual((server.port, server.backlog), (1, 3))
        self.assertEqual(configuration.section("security").api_key.reveal(), "hunter2")
        self.assertEqual(configuration.origins["server.port"], ".env:1 (AIWEBENGINE_SERVER__PORT)")
        self.assertIn("KEY is not set", self.problem(variables=variables))

    def test_it_stands_beside_the_configuration(self):
        self.write(".env", "AIWEBENGINE_SERVER__PORT=1\n")
        self.write("conf/a.toml", "")
        self.write("conf/.env", "AIWEBENGINE_SERVER__PORT=2\n")
        self.assertEqual(self.load(environment="development").section("server").port, 1)
        self.assertEqual(
            self.load(environment="development", files=["conf/a.toml"]).section("server").port, 2
        )

    def test_its_mistakes_are_placed(self):
        self.write(".env", "hunter2\nAIWEBENGINE_ENV=staging\nAIWEBENGINE_SERVER__PROT=1\n")
        problems = self.problems(environment="development")
        self.assertEqual(problems[0], ".env:1: NAME=value was expected")
        self.assertIn(".env:2: AIWEBENGINE_ENV: is read before any file", problems[1])
        self.assertIn(".env:3 (AIWEBENGINE_SERVER__PROT)", problems[2])
        self.assertIn("did you mean AIWEBENGINE_SERVER__PORT?", problems[2])
        self.assertNotIn("hunter2", "\n".join(problems))


class EncryptedFilesTests(ConfigurationTestCase):
    def test_req_sec_005_an_encrypted_file_is_read_with_its_key(self):
        sealed = encrypt(b"[server]\nport = 7\n", KEY)
        for name in ("aiwebengine.toml", "aiwebengine.toml.enc"):
            path = self.write(name, sealed)
            configuration = self.load(variables={"AIWEBENGINE_CONFIG_KEY": KEY})
            self.assertEqual(configuration.section("server").port, 7)
            self.assertEqual(configuration.origins["server.port"], f"{name}:2")
            self.assertIn("set its key in AIWEBENGINE_CONFIG_KEY", self.problem())
            wrong = self.problem(variables={"AIWEBENGINE_CONFIG_KEY": "a key of someone else"})
            self.assertIn("is not the key of this file", wrong)
            self.assertNotIn("someone", wrong)
            path.unlink()

    def test_the_key_may_stand_in_dotenv(self):
        self.write(".env", f"AIWEBENGINE_CONFIG_KEY='{KEY}'\n")
        self.write("aiwebengine.toml", encrypt(b"[server]\nport = 7\n", KEY))
        self.assertEqual(self.load(environment="development").section("server").port, 7)
