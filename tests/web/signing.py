"""An operator's side of the signature, written from the README and not from the engine's code."""

import hashlib
import hmac
import secrets
import time


def signed(
    secret: str, target: str, body: bytes, *, method: str = "POST", at: float | None = None, nonce: str | None = None
) -> dict[str, str]:
    """The three headers of a signed request."""
    stamp, nonce = str(int(time.time() if at is None else at)), secrets.token_hex(16) if nonce is None else nonce
    told = f"{stamp}\n{nonce}\n{method}\n{target}\n".encode() + body
    signature = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
    return {"X-Ussd-Timestamp": stamp, "X-Ussd-Nonce": nonce, "X-Ussd-Signature": signature}
