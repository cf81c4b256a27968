"""Callers of gateways that ask for proofs: who has what is asked for, and all who do not."""

import json
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence

from tests.web.signing import signed

SECRET, PASSWORD, TOKEN = "a secret of hüsh characters", "pass:wörd hush", "hush-token"
PRINT = ":".join(["AB", "0f"] * 16)
CA = "CN=gateway,O=Operator"
BODY = json.dumps(
    {"session": "s1", "msisdn": "989120000001", "event": "begin", "dialled": "*4*1420#", "request": "1"}
).encode()

HERE, FAR = "127.0.0.0/8", "10.1.0.0/16"
AUTH: Mapping[str, object] = {
    "open": "none",
    "signed": {"hmac": {"secret_env": "SIGNED"}},
    "named": {
        "hmac": {"secret_env": "SIGNED", "timestamp_header": "At", "nonce_header": "No", "signature_header": "S"}
    },
    "basic": {"basic": {"user": "operator", "password_env": "PASSWORD"}},
    "bearer": {"bearer": {"token_env": "TOKEN"}},
    "near": {"networks": [FAR, HERE]},
    "far": {"networks": [FAR, "fd00::/8"]},
    "fronted": {"networks": [FAR], "behind": [HERE, "10.9.0.0/16"]},
    "certified": {"networks": [HERE], "client_certificate": {"header": "X-Print", "fingerprints": ["00" * 32, PRINT]}},
    "subject": {"networks": [HERE], "client_certificate": {"header": "X-Subject", "subject": CA}},
    "misled": {"networks": [HERE], "behind": ["10.9.0.0/16"], "client_certificate": {"header": "X-S", "subject": CA}},
    "all": {"networks": [HERE], "bearer": {"token_env": "TOKEN"}, "hmac": {"secret_env": "SIGNED"}},
}


Headers = Mapping[str, str] | Sequence[tuple[str, str]]


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def right(name: str, body: bytes = BODY) -> dict[str, str]:
    """What each gateway must prove, proved."""
    signature = signed(SECRET, f"/gateways/{name}", body)
    return {
        "signed": signature,
        "named": dict(zip(("At", "No", "S"), signature.values(), strict=True)),
        "basic": basic("operator", PASSWORD),
        "bearer": {"Authorization": f"bearer {TOKEN}"},
        "fronted": {"X-Forwarded-For": "192.0.2.1, 10.1.2.3, 10.9.0.1"},
        "certified": {"X-Print": PRINT.lower().replace(":", "")},
        "subject": {"X-Subject": CA},
        "all": signature | {"Authorization": f"Bearer {TOKEN}"},
    }.get(name, {})


def _changed(headers: Mapping[str, str], **more: str) -> dict[str, str]:
    return {**headers, **{f"X-Ussd-{name.title()}": value for name, value in more.items()}}


def by_signature(**told: object) -> dict[str, str]:
    return signed(SECRET, "/gateways/signed", BODY, **told)  # type: ignore[arg-type]


def _doubled(headers: Mapping[str, str]) -> list[list[tuple[str, str]]]:
    return [[*headers.items(), one] for one in headers.items()]


def wrong() -> list[tuple[str, Headers]]:
    """Every way to be refused, with the gateway that refuses."""
    now, mine = time.time(), by_signature()
    signatures: list[Headers] = [
        {},
        signed("another", "/gateways/signed", BODY),
        signed(SECRET, "/gateways/named", BODY),
        signed(SECRET, "/gateways/signed?", BODY),
        signed(SECRET, "/gateways/signed", BODY + b" "),
        by_signature(method="PUT"),
        by_signature(at=now - 62),
        by_signature(at=now + 62),
        by_signature(at=-1),
        by_signature(nonce=""),
        by_signature(nonce="short"),
        by_signature(nonce="x" * 129),
        by_signature(nonce="a nonce of words"),
        _changed(mine, signature=""),
        _changed(mine, signature=mine["X-Ussd-Signature"][:-2]),
        _changed(mine, signature="0" * 64),
        _changed(mine, signature="ü" * 64),
        _changed(mine, nonce="another-nonce"),
        _changed(mine, timestamp=str(int(now) - 1)),
        *({name: value for name, value in mine.items() if name != left} for left in mine),
        *_doubled(mine),
    ]
    found: list[tuple[str, Headers]] = [("signed", each) for each in signatures]
    passwords: list[Headers] = [
        {},
        basic("operator", "wrong"),
        basic("operator", ""),
        basic("Operator", PASSWORD),
        {"Authorization": "Basic"},
        {"Authorization": "Basic ===="},
        {"Authorization": basic("operator", PASSWORD)["Authorization"].replace("Basic", "Bearer")},
        {"Authorization": basic("operator", PASSWORD)["Authorization"] + "x"},
        *_doubled(basic("operator", PASSWORD)),
    ]
    found += [("basic", each) for each in passwords]
    tokens = ["", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}"]
    found += [("bearer", {"Authorization": each}) for each in tokens] + [("bearer", {})]
    found += [("bearer", each) for each in _doubled(right("bearer"))]
    found += [("far", {}), ("far", {"X-Forwarded-For": "10.1.2.3"})]
    forwarded = [
        "",
        "10.2.0.1",
        "10.1.2.3, 192.0.2.1",
        "10.1.2.3, unknown",
        "10.1.2.3:80",
        "10.9.0.1",
        "127.0.0.1",
        ",",
    ]
    found += [("fronted", {"X-Forwarded-For": each}) for each in forwarded] + [("fronted", {})]
    found += [("fronted", [("X-Forwarded-For", "10.1.2.3"), ("X-Forwarded-For", "192.0.2.1")])]
    prints = ["", "00", PRINT[:-1], PRINT.replace("AB", "AC"), f"{PRINT},{PRINT}"]
    found += [("certified", {"X-Print": each}) for each in prints] + [("certified", {})]
    found += [("certified", each) for each in _doubled(right("certified"))]
    found += [("subject", {"X-Subject": each}) for each in ("", CA.lower(), f"{CA} x", f"O=x,{CA}")]
    found += [("misled", {"X-S": CA}), ("misled", {"X-S": CA, "X-Forwarded-For": "127.0.0.1"})]
    both = right("all")
    found += [("all", {name: value for name, value in both.items() if name != left}) for left in both]
    return found
