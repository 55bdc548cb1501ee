"""Every mistake is found, at once, with its place and what was expected; no secret is printed."""

import json

from hypothesis import given
from hypothesis import strategies as st

from aiwebengine.config import CORE_SECTIONS, Secret, SecretURL, load, load_section
from aiwebengine.config.schema import fields_of
from aiwebengine.errors import ConfigurationInvalid
from tests.config.support import SAMPLE, ConfigurationTestCase, Provider, SampleSettings, Window


class ProblemsTests(ConfigurationTestCase):
    def test_req_cfg_002_all_problems_are_reported_at_once_with_place_and_expectation(self):
        self.write(
            "aiwebengine.toml",
            '[server]\nprot = 80\nport = "x"\nlisten = ["tcp:80", "tpc:1"]\n'
            'trusted_proxies = ["10.0.0.1/8"]\n[javascript]\nisolation = "relm"\nworkers = -1\n'
            '[logging]\nrotation = "yearly"\ntargets = ["console", "console"]\n'
            "[sample.window]\nmin_size = 20\n",
        )
        self.assertEqual(
            self.problems(
                variables={"AIWEBENGINE_LOGGING__COMPRESS": "maybe"}, settings=["server.backlog=x"]
            ),
            [
                "aiwebengine.toml:2: server.prot = 80: unknown key; did you mean server.port?",
                "aiwebengine.toml:3: server.port = 'x': an integer from 0 to 65535",
                "aiwebengine.toml:4: server.listen[1] = 'tpc:1': a Twisted endpoint string such as "
                '"tcp:8080:interface=127.0.0.1"',
                "--set: server.backlog = 'x': an integer from 1 to 65535",
                "aiwebengine.toml:5: server.trusted_proxies[0] = '10.0.0.1/8': an IP address or a network "
                'such as "10.0.0.0/8" (no host bits may be set)',
                "aiwebengine.toml:8: javascript.workers = -1: an integer from 0 to 1024",
                'aiwebengine.toml:7: javascript.isolation = \'relm\': one of "realm", "runtime"',
                "aiwebengine.toml:10: logging.rotation = 'yearly': "
                'one of "daily", "hourly", "weekly", "size"',
                "AIWEBENGINE_LOGGING__COMPRESS: logging.compress = 'maybe': true or false",
                "aiwebengine.toml:11: logging.targets = ('console', 'console'): each target once",
                "aiwebengine.toml:13: sample.window.min_size = 20: at most window.max_size",
            ],
        )

    def test_unknown_places_name_what_was_meant(self):
        for text, wanted in (
            ("[sever]\nport = 1", "unknown section; did you mean [server]?"),
            ("port = 1", "unknown key; did you mean server.port?"),
            ("prot = 1", "unknown key; did you mean server.port?"),
            ("[server]\napi_key = 1", "unknown key; did you mean security.api_key?"),
            ("[server]\nzzz = 1", "unknown key; did you mean server."),
            ("[sample.window]\nmin_sise = 1", "did you mean sample.window.min_size?"),
            ('[sample.providers.x]\nclient_id="a"\nclient_sekret="b"', "sample.providers.x.client_secret?"),
            ("[sample]\noutputmode = 'x'", "did you mean sample.output-mode?"),
        ):
            self.write("aiwebengine.toml", text)
            self.assertIn(wanted, self.problem())
        self.write("aiwebengine.toml", "[unheard_of]\n")
        self.assertIn("(known: server, javascript,", self.problem())

    def test_unknown_variables_name_what_was_meant(self):
        for name, wanted in (
            ("AIWEBENGINE_SERVER__PROT", "AIWEBENGINE_SERVER__PORT"),
            ("AIWEBENGINE_SEVER__PORT", "AIWEBENGINE_SERVER__PORT"),
            ("AIWEBENGINE_PORT", "AIWEBENGINE_SERVER__PORT"),
            ("AIWEBENGINE_SERVER_PORT", "AIWEBENGINE_SERVER__PORT"),
            ("AIWEBENGINE_API_KEY", "AIWEBENGINE_SECURITY__API_KEY"),
            ("AIWEBENGINE_SECURITY_API_KEY", "AIWEBENGINE_SECURITY__API_KEY"),
            ("AIWEBENGINE_CONFG", "AIWEBENGINE_CONFIG"),
            ("AIWEBENGINE_ENVIRON", "AIWEBENGINE_ENV"),
            ("AIWEBENGINE_SAMPLE__WINDOW__MIN_SIZ", "AIWEBENGINE_SAMPLE__WINDOW__MIN_SIZE"),
        ):
            problem = self.problem(variables={name: "hunter2"})
            self.assertTrue(problem.startswith(f"{name}: "), problem)
            self.assertIn(f"unknown variable; did you mean {wanted}?", problem)
            self.assertNotIn("hunter2", problem)

    def test_unknown_variables_of_one_section_are_separate_problems(self):
        self.write("aiwebengine.toml", "[sever]\nx = 1\n")
        problems = self.problems(variables={"AIWEBENGINE_SEVER__PORT": "1", "AIWEBENGINE_SEVER__HOST": "x"})
        self.assertEqual(len(problems), 3)
        self.assertIn(
            "aiwebengine.toml:2: sever = a table: unknown section; did you mean [server]?", problems[0]
        )

    def test_what_must_be_set_is_said(self):
        self.write("aiwebengine.toml", "[sample.providers.google]\nscopes = []\n")
        self.assertEqual(
            self.problem(), "aiwebengine.toml:1: sample.providers.google.client_id: must be set: a string"
        )

    def test_tables_lists_and_leaves_are_not_taken_for_each_other(self):
        for text, wanted in (
            ("server = 1", "server = 1: a table"),
            ("[server.port]\na = 1", "server.port = a table: an integer"),
            ("[server]\nlisten = 'tcp:1'", "server.listen = 'tcp:1': a list, each item a string"),
            ("[security]\nheaders = []", "security.headers = []: a table"),
            ("[server]\nport = true", "server.port = True: an integer"),
            ("[server]\nport = 1.5", "server.port = 1.5: an integer"),
            ("[server]\nhost = 1", "server.host = 1: a string"),
            ("[javascript]\nconsole = 'yes'", "'yes': true or false"),
            ("[sample]\nratio = nan", "ratio = nan: a number, more than 0 and at most 1, finite"),
            ("[sample]\nratio = 0", "a number, more than 0 and at most 1"),
            ("[sample]\nlevel = 3", "an integer, a multiple of 5"),
            ("[sample]\nname = 'A'", "a string, at most 8 characters and matching ^[a-z]*$"),
            ("[sample]\npair = [1]", "pair = [1]: a list, at least 2 items, each item an integer"),
            ("[sample]\nlabels = {a = 1, b = 2}", "labels = a table: a table, at most 1 entries"),
            ("[[sample.rows]]\nclient_id = 1", "aiwebengine.toml:2: sample.rows[0].client_id = 1: a string"),
            ('[sample]\nchoice = "2"', "choice = '2': one of 1, 2, \"all\""),
            ("[server]\ndata_dir = ''", "data_dir = '': a string, not empty"),
            ("[sample]\neither = []", "either = []: an integer or a string"),
            ("[server]\nport_file = '" + "x" * 200 + "\x7f'", "not valid TOML"),
        ):
            self.write("aiwebengine.toml", text)
            self.assertIn(wanted, self.problem())

    def test_long_values_are_cut(self):
        self.write("aiwebengine.toml", f"[server]\nport = '{'x' * 500}'\n")
        self.assertLess(len(self.problem()), 250)

    def test_yaml_booleans_are_explained(self):
        self.write("aiwebengine.yaml", "logging:\n  access_log: off\n")
        self.assertIn("quote it: YAML reads unquoted on, off", self.problem())

    def test_null_is_no_value(self):
        self.write("aiwebengine.yaml", "server:\n  port:\n")
        self.assertIn("server.port = null: an integer", self.problem())

    def test_whole_floats_do_for_integers(self):
        self.write("aiwebengine.json5", "{server: {max_body_bytes: 1e6}}")
        value = self.load().section("server").max_body_bytes
        self.assertEqual((value, type(value)), (1_000_000, int))

    def test_keys_that_do_not_go_together(self):
        for settings, wanted in (
            (['server.listen=["tcp:1", "tcp:1"]'], "server.listen = ('tcp:1', 'tcp:1'): each endpoint once"),
            (["javascript.workers=2", "javascript.max_per_script=3"], "at most javascript.workers (2)"),
            (['logging.targets=["file"]', "logging.file_path="], 'a path, since logging.targets has "file"'),
            (["repository.database_url="], "repository.database_url = <hidden>: a URL such as"),
        ):
            self.assertIn(wanted, self.problem(settings=settings))

    def test_a_conflict_that_hangs_on_a_bad_key_is_not_reported(self):
        self.assertIn(
            "max_size = 'x'", self.problem(settings=["sample.window.min_size=20", "sample.window.max_size=x"])
        )

    @given(
        st.lists(
            st.sampled_from(
                [(name, field.key) for name, struct in CORE_SECTIONS.items() for field in fields_of(struct)]
            ),
            unique=True,
            min_size=1,
            max_size=12,
        )
    )
    def test_each_bad_key_is_one_problem_naming_it(self, keys):
        data = {}
        for section, key in keys:
            data.setdefault(section, {})[key] = {"no": {"such": "thing hunter2"}}
        expected = {f"{section}.{key}" for section, key in keys}
        if "security.headers" in expected:
            expected.add("security.headers.no")
            expected.remove("security.headers")
        self.write("all.json5", json.dumps(data))
        error = self.assertRaises(ConfigurationInvalid, self.load, files=["all.json5"])
        self.assertEqual({problem.key for problem in error.problems}, expected)
        self.assertNotIn("hunter2", str(error))


class ValuesTests(ConfigurationTestCase):
    def section(self, *settings, **options):
        return self.load(settings=settings, **options).section("sample")

    def test_text_is_read_by_the_type_of_its_place(self):
        sample = self.section(
            "sample.ratio= 0.25",
            "sample.maybe=3",
            "sample.either=4",
            "sample.level=10",
            "sample.token=12",
            'sample.tokens=["a"]',
            'sample.providers.google={"client_id": "x"}',
            "sample.providers.google.client_secret=s",
            'sample.providers.google.scopes=["p"]',
            "sample.output-mode=5",
            "sample.choice=2",
        )
        self.assertEqual(sample.choice, 2)
        self.assertEqual((sample.ratio, sample.maybe, sample.either, sample.level), (0.25, 3, 4, 10))
        self.assertEqual((sample.token, sample.tokens, sample.mode), ("12", [Secret("a")], "5"))
        self.assertEqual(
            sample.providers, {"google": Provider(client_id="x", client_secret=Secret("s"), scopes=["p"])}
        )
        for word in ("null", "", " NULL "):
            self.assertIsNone(self.section(f"sample.maybe={word}").maybe)
        for word, value in (
            ("true", True),
            ("ON", True),
            ("1", True),
            ("yes", True),
            ("Off", False),
            ("0", False),
        ):
            self.assertIs(self.section(f"sample.window.verbose={word}").window.verbose, value)

    def test_text_that_is_not_of_the_type_says_the_form(self):
        for setting, wanted in (
            ("server.listen=tcp:1", 'a list, each item a string as JSON, such as ["a", "b"]'),
            ("security.headers=X", 'a table as JSON, such as {"key": "value"}'),
            ("security.headers=[]", "a table"),
            ("server.port=1.5", "an integer from 0 to 65535"),
        ):
            self.assertIn(wanted, self.problem(settings=[setting]))

    def test_variables_and_set_agree_for_every_core_key(self):
        texts = {bool: "true", int: "400000", str: "x"}
        for name, struct in CORE_SECTIONS.items():
            for field in fields_of(struct):
                text = texts.get(field.shape.base)
                if text is None or field.shape.extra.get("check"):
                    continue
                for options in (
                    {"settings": [f"{name}.{field.key}={text}"]},
                    {"variables": {f"AIWEBENGINE_{name}__{field.key}".upper(): text}},
                ):
                    try:
                        value = getattr(self.load(**options).section(name), field.key)
                        self.assertIsInstance(value, field.shape.base)
                    except ConfigurationInvalid as error:
                        self.assertEqual([problem.key for problem in error.problems], [f"{name}.{field.key}"])

    def test_nested_defaults_follow_the_environment_and_the_outer_default(self):
        self.assertEqual(self.section().window, Window())
        sample = self.section("sample.wide.min_size=5", environment="development")
        self.assertEqual(sample.window, Window(verbose=True))
        self.assertEqual(sample.wide, Window(min_size=5, max_size=99))
        self.assertEqual(sample.account, Provider(client_id="anonymous", scopes=["read"]))
        account = self.section("sample.account.scopes=[]").account
        self.assertEqual(account, Provider(client_id="anonymous", scopes=[]))

    def test_relative_paths_in_a_file_start_at_the_file(self):
        self.write(
            "conf/a.toml",
            '[scripts]\ndirectories = ["x", "/abs"]\n[server]\nport_file = ""\ndata_dir = "d"\n'
            '[repository]\ndatabase_url = "sqlite:///a.db"\n[sample]\ncertificate = "c.pem"\n',
        )
        configuration = self.load(files=["conf/a.toml"])
        conf = self.directory / "conf"
        self.assertEqual(configuration.section("scripts").directories, (str(conf / "x"), "/abs"))
        self.assertEqual(configuration.section("server").port_file, "")
        self.assertEqual(configuration.section("server").data_dir, str(conf / "d"))
        self.assertEqual(
            configuration.section("repository").database_url, SecretURL(f"sqlite:///{conf}/a.db")
        )
        self.assertEqual(configuration.section("sample").certificate, str(conf / "c.pem"))
        configuration = self.load(files=["conf/a.toml"], settings=["server.data_dir=e"])
        self.assertEqual(configuration.section("server").data_dir, "e")
        self.write("conf/a.toml", '[repository]\ndatabase_url = "sqlite:////a.db"\n')
        self.assertEqual(
            self.load(files=["conf/a.toml"]).section("repository").database_url.reveal(), "sqlite:////a.db"
        )

    def test_settings_do_not_change(self):
        self.assertRaises(AttributeError, setattr, self.load().section("server"), "port", 1)


class ReferencesTests(ConfigurationTestCase):
    def test_req_sec_005_secrets_come_from_variables_and_files_anywhere(self):
        self.write("conf/key", "hunter2\n")
        self.write(
            "conf/a.yaml",
            "security: {api_key: {file: key}}\nserver: {port: {env: PORT}, trusted_proxies: [{env: PROXY}]}\n"
            "sample: {tokens: [{env: TOKEN}], providers: {x: {client_id: {env: ID}}}}\n"
            "bus: {url: {env: BUS}}\n",
        )
        variables = {"PORT": "7", "PROXY": "10.0.0.1", "TOKEN": "t", "ID": "i", "BUS": "redis://:p@h"}
        configuration = self.load(files=["conf/a.yaml"], variables=variables)
        self.assertEqual(configuration.section("security").api_key, Secret("hunter2"))
        self.assertEqual(configuration.section("server").port, 7)
        self.assertEqual(configuration.section("server").trusted_proxies, ("10.0.0.1",))
        self.assertEqual(configuration.section("sample").tokens, [Secret("t")])
        self.assertEqual(configuration.section("sample").providers["x"].client_id, "i")
        self.assertIn(self.directory / "conf" / "key", configuration.watched_files())

    def test_a_later_reference_or_value_replaces_an_earlier_one(self):
        self.write("a.toml", '[security]\napi_key = {env = "NOT_SET"}\n')
        self.write("b.toml", '[security]\napi_key = {file = "key"}\n')
        self.write("key", "k")
        self.assertEqual(self.load(files=["a.toml", "b.toml"]).section("security").api_key, Secret("k"))
        settings = ['security.api_key={"file": "key"}']
        self.assertEqual(
            self.load(files=["a.toml"], settings=settings).section("security").api_key, Secret("k")
        )
        self.assertEqual(
            self.load(files=["a.toml"], settings=["security.api_key={x"]).section("security").api_key,
            Secret("{x"),
        )

    def test_what_is_missing_is_a_problem(self):
        self.write("empty", "\n")
        self.write("latin", b"\xe9")
        self.write("long", "x" * 70_000)
        for reference, wanted in (
            ('{env = "NONE"}', "{env = 'NONE'}: the environment variable NONE is not set"),
            ('{env = "VOID"}', "the environment variable VOID is empty"),
            ('{file = "none"}', "the file none cannot be read: No such file or directory"),
            ('{file = "empty"}', "the file empty is empty"),
            ('{file = "latin"}', "the file latin is not UTF-8 text"),
            ('{file = "long"}', "the file long is longer than 65536 bytes"),
            ('{file = ""}', "api_key = <hidden>: a string"),
            ('{vault = "x"}', "api_key = <hidden>: a string"),
        ):
            self.write("aiwebengine.toml", f"[security]\napi_key = {reference}\n")
            problem = self.problem(variables={"VOID": ""})
            self.assertIn(wanted, problem)
            self.assertTrue(problem.startswith("aiwebengine.toml:2: security.api_key"), problem)

    def test_a_table_named_env_is_a_table_where_one_belongs(self):
        self.write("aiwebengine.toml", '[security.headers]\nenv = "x"\n')
        self.assertEqual(self.load().section("security").headers["env"], "x")

    def test_req_sec_005_no_problem_prints_a_secret(self):
        self.write(
            "aiwebengine.toml",
            '[security]\napi_key = ["hunter2"]\napi_kye = "hunter2"\n[server]\nport = {env = "S"}\n'
            'listen = [{env = "S"}]\ntrusted_proxies = [{env = "S"}]\n'
            '[repository]\ndatabase_url = "hunter2"\n[bus]\nurl = {env = "S"}\n'
            '[sample]\ntoken = 1\ntokens = "hunter2"\n[sample.providers]\nx = "hunter2"\n'
            '[hidden]\nx = "hunter2"\n[sample.window]\nmin_size = {env = "N"}\n',
        )
        problems = self.problems(variables={"S": "hunter2", "N": "4711"})
        self.assertEqual(len(problems), 12)
        self.assertNotIn("hunter2", "\n".join(problems))
        self.assertNotIn("4711", "\n".join(problems))


class SchemasTests(ConfigurationTestCase):
    def test_core_sections_cannot_be_taken(self):
        self.assertRaises(ValueError, load, self.sources(), {"server": SampleSettings})
        self.assertEqual(
            load(self.sources(), {"server": CORE_SECTIONS["server"]}).section("server").port, 8080
        )

    def test_one_section_alone(self):
        self.write("aiwebengine.toml", "[unknown]\nx = 1\n[sample]\nratio = 1\n")
        sources = self.sources(variables={"AIWEBENGINE_OTHER__X": "1", "AIWEBENGINE_SAMPLE__LEVEL": "20"})
        section = load_section(sources, "sample", SampleSettings)
        self.assertEqual((section.ratio, section.level), (1.0, 20))
        self.write("aiwebengine.toml", "[sample]\nratio = 2\n")
        self.assertRaises(ConfigurationInvalid, load_section, sources, "sample", SampleSettings)
        self.assertRaises(
            KeyError,
            load(sources.__class__(variables={}, directory=self.directory / "x"), SAMPLE).section,
            "y",
        )
