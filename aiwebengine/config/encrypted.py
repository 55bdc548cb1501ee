"""Configuration files encrypted as a whole: AES-256-GCM, key derived by scrypt (REQ-SEC-005)."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from typing import Final

from aiwebengine.errors import AIWebEngineError

__all__ = ["KEY_VARIABLE", "CannotDecrypt", "decrypt", "encrypt", "generate_key", "is_encrypted"]

KEY_VARIABLE: Final = "AIWEBENGINE_CONFIG_KEY"

_MAGIC: Final = b"aiwebengine-encrypted-configuration"
_HEADER: Final = re.compile(_MAGIC + rb" v1 ([A-Za-z0-9+/=]{24})\r?\n")
_MIN_PASSPHRASE: Final = 16  # characters
_NONCE: Final = 12  # bytes


class CannotDecrypt(AIWebEngineError):
    """An encrypted file cannot be read: no key, another key, or the file was changed."""


def generate_key() -> str:
    """Give a new random key, 43 URL-safe characters of 256 bits."""
    return secrets.token_urlsafe(32)


def is_encrypted(content: bytes) -> bool:
    """Tell whether a file's content is an encrypted configuration."""
    return content.startswith(_MAGIC)


def encrypt(content: bytes, key: str, entropy: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """
    Give the encrypted form of a file's content: one header line and base64.

    Raises ValueError for a key of less than 16 characters.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(key) < _MIN_PASSPHRASE:
        raise ValueError(f"the key must have at least {_MIN_PASSPHRASE} characters; --generate-key makes one")
    salt, nonce = entropy(16), entropy(_NONCE)
    header = _MAGIC + b" v1 " + base64.b64encode(salt)
    sealed = nonce + AESGCM(_derive(key, salt)).encrypt(nonce, content, header)
    return header + b"\n" + base64.encodebytes(sealed)


def decrypt(content: bytes, key: str) -> bytes:
    """Give the content `encrypt` was given. Raises `CannotDecrypt`, saying why."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = _HEADER.match(content)
    if header is None:
        raise CannotDecrypt("an encrypted configuration of a version this engine does not know")
    if not key:
        raise CannotDecrypt(f"the file is encrypted: set its key in {KEY_VARIABLE}")
    try:
        salt = base64.b64decode(header[1], validate=True)
        sealed = base64.b64decode(b"".join(content[header.end() :].split()), validate=True)
    except binascii.Error:
        raise CannotDecrypt("the encrypted file is damaged: not base64") from None
    try:
        return AESGCM(_derive(key, salt)).decrypt(sealed[:_NONCE], sealed[_NONCE:], header[0].rstrip())
    except (InvalidTag, ValueError):
        raise CannotDecrypt(f"{KEY_VARIABLE} is not the key of this file, or the file was changed") from None


def _derive(key: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(key.encode())
