"""The random generator compared with the ChaCha20 of the cryptography package."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from twisted.trial.unittest import SynchronousTestCase

from tests.subsystems.harness_encoding import JSError, Realm, all_pieces


def key_stream(seed: bytes, size: int) -> bytes:
    """Give the first bytes of ChaCha20 with nonce and counter zero."""
    return Cipher(algorithms.ChaCha20(seed, bytes(16)), None).encryptor().update(bytes(size))


class EntropyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.realm = Realm(all_pieces())

    def draw(self, seed: bytes, sizes: list[int]) -> str:
        return self.realm.run(
            f"((next) => {sizes}.map((n) => next(n).toHex()).join(''))"
            f"(realm.host.use('entropy').makeGenerator('{seed.hex()}'))"
        )

    def test_req_jsapi_005_is_chacha20(self) -> None:
        """However it is drawn, the bytes are the key stream, none twice."""
        seed = bytes(range(32))
        for sizes in ([0], [16], [64], [65], [1, 63, 64, 1], [16] * 20, [200, 3, 0, 500], [65536]):
            self.assertEqual(self.draw(seed, sizes), key_stream(seed, sum(sizes)).hex())

    def test_seeds_differ(self) -> None:
        """Another seed gives other bytes."""
        self.assertNotEqual(self.draw(bytes(32), [16]), self.draw(bytes(31) + b"\1", [16]))

    def test_what_is_given_is_the_callers_own(self) -> None:
        """Writing to the bytes given does not change those to come."""
        made = self.realm.run(
            "((next) => { next(16).fill(0); new Uint8Array(next(16).buffer).fill(0);"
            " return next(16).toHex(); })"
            f"(realm.host.use('entropy').makeGenerator('{bytes(32).hex()}'))"
        )
        self.assertEqual(made, key_stream(bytes(32), 48)[32:].hex())

    def test_refuses_a_bad_seed(self) -> None:
        """A seed of another length is an error."""
        error = self.assertRaises(JSError, self.draw, bytes(16), [1])
        self.assertEqual(error.name, "TypeError")
