"""Keyed names and sealed values: nothing personal is kept anywhere in clear.

Every use has its own key, derived from the one secret, so that a value sealed for one place opens in no other.
"""

import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
"""Octets of an AES-GCM nonce, NIST SP 800-38D 8.2."""


class Unsealable(Exception):
    """A value that was sealed under another secret or for another place, or that was damaged."""


@dataclass(frozen=True, slots=True)
class Seal:
    """AES-GCM for the values of one place.

    Nonces are random, which NIST SP 800-38D 8.3 allows for 2^32 values under one key: hence a key a place.
    """

    _cipher: AESGCM

    def close(self, clear: bytes, place: bytes = b"") -> bytes:
        """Seal a value; it opens only with the same `place`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, clear, place)

    def open(self, sealed: bytes, place: bytes = b"") -> bytes:
        """Read a sealed value, or raise Unsealable."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except (InvalidTag, ValueError) as fault:
            raise Unsealable from fault


class Keys:
    """All keys of an installation, from its one secret of 32 octets or more."""

    def __init__(self, secret: bytes) -> None:
        """Take the secret; one that can be guessed is refused with ValueError."""
        if len(secret) < 32:
            raise ValueError("the secret must have 32 octets or more")
        root = blake2b(secret, person=b"ussd-keys").digest()
        self._keyed = blake2b(key=root, digest_size=32)
        """The key is worked in once."""

    def digest(self, purpose: str, *parts: str) -> bytes:
        """A keyed hash, 32 octets, of `parts` for one purpose; ("ab", "c") and ("a", "bc") differ."""
        keyed, octets = self._keyed.copy(), [part.encode("utf-8", "surrogatepass") for part in (purpose, *parts)]
        keyed.update(b"".join([len(one).to_bytes(4, "big") + one for one in octets]))
        return keyed.digest()

    def name(self, purpose: str, *parts: str) -> str:
        """A name of 32 hexadecimal digits that tells nothing of `parts`."""
        return self.digest(purpose, *parts)[:16].hex()

    def short(self, purpose: str, *parts: str, octets: int = 8) -> str:
        """A name of so many octets in base64url, 11 characters for 8: where names are many, and short ones enough."""
        return urlsafe_b64encode(self.digest(purpose, *parts)[:octets]).rstrip(b"=").decode()

    def seal(self, purpose: str, *parts: str) -> Seal:
        """The seal of one place."""
        return Seal(AESGCM(self.digest(f"seal {purpose}", *parts)))
