"""The encoding names compared with Python's own codecs, digests and escapes."""

import base64
import datetime
import hashlib
import hmac
import html
import json
import urllib.parse

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.subsystems.harness_encoding import JSError, Realm, all_pieces, literal

ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512")
TEXTS = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates too
# Bytes dense in what makes UTF-8 malformed.
NEAR_UTF8 = st.lists(
    st.one_of(
        st.binary(max_size=2),
        st.sampled_from(
            [bytes([n]) for n in (0x7F, 0x80, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5)]
        ),
        st.text(max_size=2).map(lambda text: text.encode("utf-8", "ignore")),
    ),
    max_size=12,
).map(b"".join)
EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def well_formed(text: str) -> str:
    """Replace lone surrogates and join pairs, as JavaScript sees the text."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class AgainstPythonTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.realm = Realm(all_pieces())

    def test_req_jsapi_005_digests_at_every_padding_length(self) -> None:
        """Lengths around the block and length-field boundaries give hashlib's digests."""
        for size in (0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 110, 111, 112, 113, 119, 127, 128, 129, 255, 1000):
            data = bytes(n * 31 % 251 for n in range(size))
            for name in ALGORITHMS:
                self.assertEqual(
                    self.realm.run(f"hash('{name}', {literal(data)})"), hashlib.new(name, data).hexdigest()
                )

    def test_req_jsapi_005_hmac_at_every_key_length(self) -> None:
        """Keys shorter than, as long as and longer than a block give hmac's digests."""
        for size in (0, 1, 63, 64, 65, 127, 128, 129, 300):
            key = bytes(n * 7 % 256 for n in range(size))
            for name in ALGORITHMS:
                self.assertEqual(
                    self.realm.run(f"hmac('{name}', {literal(key)}, 'message')"),
                    hmac.new(key, b"message", name).hexdigest(),
                )

    def test_digest_of_text(self) -> None:
        """Any text is digested as UTF-8."""

        @EXAMPLES
        @given(st.text(max_size=200), st.sampled_from(ALGORITHMS))
        def check(text: str, name: str) -> None:
            wanted = hashlib.new(name, text.encode()).hexdigest()
            self.assertEqual(self.realm.run(f"hash('{name}', {literal(text)})"), wanted)

        check()

    def test_utf8_both_ways(self) -> None:
        """TextEncoder and TextDecoder agree with Python, malformed input included."""

        @EXAMPLES
        @given(TEXTS)
        def encodes(text: str) -> None:
            made = self.realm.run(f"new TextEncoder().encode({literal(text)}).toHex()")
            self.assertEqual(bytes.fromhex(made), well_formed(text).encode("utf-8"))

        @EXAMPLES
        @given(NEAR_UTF8)
        def decodes(data: bytes) -> None:
            made = self.realm.run(f"new TextDecoder('utf-8', {{ignoreBOM: true}}).decode({literal(data)})")
            self.assertEqual(made, data.decode("utf-8", "replace"))

        encodes()
        decodes()

    def test_streamed_utf8_equals_whole(self) -> None:
        """However the bytes are cut, the pieces decode to what the whole decodes to."""

        @EXAMPLES
        @given(NEAR_UTF8, st.integers(1, 5))
        def check(data: bytes, step: int) -> None:
            made = self.realm.run(
                f"((b, d, out) => {{ for (let i = 0; i < b.length; i += {step}) "
                f"out += d.decode(b.subarray(i, i + {step}), {{stream: true}}); return out + d.decode(); }})"
                f"({literal(data)}, new TextDecoder('utf-8', {{ignoreBOM: true}}), '')"
            )
            self.assertEqual(made, data.decode("utf-8", "replace"))

        check()

    def test_utf16_and_windows_1252(self) -> None:
        """The other encodings agree with Python."""

        @EXAMPLES
        @given(
            st.binary(max_size=30).map(lambda data: data[: len(data) // 2 * 2]), st.sampled_from(["le", "be"])
        )
        def utf16(data: bytes, order: str) -> None:
            made = self.realm.run(
                f"new TextDecoder('utf-16{order}', {{ignoreBOM: true}}).decode({literal(data)})"
            )
            units = [data[n : n + 2] for n in range(0, len(data), 2)]
            if order == "be":
                units = [unit[::-1] for unit in units]
            text = "".join(chr(int.from_bytes(unit, "little")) for unit in units)
            joined = text.encode("utf-16-le", "surrogatepass")
            self.assertEqual(made, replace_lone(joined))

        utf16()
        for byte in range(256):
            if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D):  # Python leaves these undefined
                made = self.realm.run(f"new TextDecoder('latin1').decode(new Uint8Array([{byte}]))")
                self.assertEqual(made, bytes([byte]).decode("windows-1252"))

    def test_base64(self) -> None:
        """Both alphabets agree with Python, both ways."""

        @EXAMPLES
        @given(st.binary(max_size=50))
        def check(data: bytes) -> None:
            self.assertEqual(
                self.realm.run(f"base64.encode({literal(data)})"), base64.b64encode(data).decode()
            )
            url_safe = base64.urlsafe_b64encode(data).decode().rstrip("=")
            self.assertEqual(self.realm.run(f"base64.encode({literal(data)}, {{urlSafe: true}})"), url_safe)
            back = f"base64.decode({literal(url_safe)}, {{urlSafe: true, as: 'bytes'}}).toHex()"
            self.assertEqual(self.realm.run(back), data.hex())

        check()

    def test_req_sec_002_escapes_come_back(self) -> None:
        """What was escaped for HTML, URLs and JavaScript reads back as it was and holds no danger."""

        @EXAMPLES
        @given(st.text(max_size=40) | st.text("<>&\"'`\\/${}=-\u2028\u2029\n ab", max_size=40))
        def check(text: str) -> None:
            made = self.realm.run(f"escapeHtml({literal(text)})")
            # Python's unescape also mends NUL and C1 characters, which escapeHtml leaves alone.
            plain = not any(ord(c) < 32 or 126 < ord(c) < 160 for c in text)
            if plain:
                self.assertEqual(html.unescape(made), text)
            self.assertFalse(set(made) & set("<>\"'`"))
            url = self.realm.run(f"encodeUrl({literal(text)})")
            self.assertEqual(url, urllib.parse.quote(text, safe=""))
            self.assertEqual(self.realm.run(f"decodeUrl({literal(url)})"), text)
            script = self.realm.run(f"escapeJs({literal(text)})")
            self.assertEqual(json.loads(f'"{script}"'), text)
            self.assertFalse(set(script) & set("<>\"'`&=$\n\r\u2028\u2029"))

        check()

    def test_dates(self) -> None:
        """Formatting and parsing agree with datetime's ISO form, to the millisecond."""

        @EXAMPLES
        @given(
            st.datetimes(datetime.datetime(2, 1, 1), datetime.datetime(9998, 12, 31)),
            st.integers(-23 * 60, 23 * 60),
        )
        def check(moment: datetime.datetime, minutes: int) -> None:
            zone = datetime.timezone(datetime.timedelta(minutes=minutes))
            moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=zone)
            sign = "-" if minutes < 0 else "+"
            name = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
            iso = moment.isoformat(timespec="milliseconds")
            made = self.realm.run(f"formatDate(parseDate({literal(iso)}), 'iso', {{timeZone: '{name}'}})")
            self.assertEqual(made.replace("Z", "+00:00"), iso)

        check()

    def test_deep_strings_do_not_need_a_deep_stack(self) -> None:
        """A megabyte goes through every codec within the default stack."""
        length = self.realm.run(
            "new TextDecoder().decode(new TextEncoder().encode('\\u65e5'.repeat(350000))).length"
        )
        self.assertEqual(length, 350000)
        self.assertEqual(
            self.realm.run("hash('md5', 'a'.repeat(100000))"), hashlib.md5(b"a" * 100000).hexdigest()
        )

    def test_errors_reach_the_caller(self) -> None:
        """The harness itself reports what is thrown."""
        caught = self.assertRaises(JSError, self.realm.run, "decodeUrl('%')")
        self.assertEqual(caught.name, "RangeError")


def replace_lone(utf16_le: bytes) -> str:
    """Decode UTF-16 with one U+FFFD for each lone surrogate, which Python's codec does differently."""
    out, at = "", 0
    units = [int.from_bytes(utf16_le[n : n + 2], "little") for n in range(0, len(utf16_le), 2)]
    while at < len(units):
        unit, following = units[at], units[at + 1] if at + 1 < len(units) else 0
        if 0xD800 <= unit < 0xDC00 <= following < 0xE000:
            out += chr(0x10000 + ((unit - 0xD800) << 10) + following - 0xDC00)
            at += 2
            continue
        out += "\ufffd" if 0xD800 <= unit < 0xE000 else chr(unit)
        at += 1
    return out
