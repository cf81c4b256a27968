"""TLS of our own, as an operator's engineer meets it."""

import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import MAIN_MENU
from tests.server import Server, ussd
from ussd.web.tls import context_of

BODY = b'{"session": "s1", "msisdn": "989120000001", "event": "begin", "dialled": "*4*1420#"}'


@pytest.fixture
def home(home: Path) -> Path:
    """With a certificate of its own."""
    certified(home, "server")
    return home


def certified(home: Path, name: str) -> None:
    """A certificate of 127.0.0.1 that has signed itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    local = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = builder.add_extension(local, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    (home / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    clear = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (home / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, clear))


def start(home: Path, **settings: str) -> Server:
    files = {"tls_certificate": str(home / "server.pem"), "tls_key": str(home / "server.key")}
    return Server(home, drain="0", **{**files, **settings})


def begun(server: Server, context: ssl.SSLContext) -> str:
    url = f"https://127.0.0.1:{server.port}/gateways/reference"
    with urlopen(Request(url, BODY, {"Content-Type": "application/json"}), context=context, timeout=10) as reply:
        return str(reply.read().decode())


def trusting(home: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(home / "server.pem"))


def test_callbacks_come_by_tls_and_a_handset_can_dial_by_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(start(home)) as server:
        assert MAIN_MENU.splitlines()[0] in begun(server, trusting(home))
        with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
            begun(server, ssl.create_default_context())
        monkeypatch.setenv("SSL_CERT_FILE", str(home / "server.pem"))
        url = f"https://127.0.0.1:{server.port}"
        dialled = ussd(home, "dial", "*4*1420#", "--url", url, "--inputs", "", "--plain", fresh=True)
        assert dialled.stdout.strip() == MAIN_MENU
        assert server.healthy() == 200


def test_with_an_authority_of_clients_nobody_else_is_talked_to(home: Path) -> None:
    certified(home, "operator")
    certified(home, "stranger")
    with closing(start(home, tls_client_ca=str(home / "operator.pem"))) as server:
        operator, stranger = trusting(home), trusting(home)
        operator.load_cert_chain(home / "operator.pem", home / "operator.key")
        stranger.load_cert_chain(home / "stranger.pem", home / "stranger.key")
        assert MAIN_MENU.splitlines()[0] in begun(server, operator)
        for other in (stranger, trusting(home)):
            with pytest.raises((URLError, ssl.SSLError, ConnectionError)):
                begun(server, other)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tls_key": "nowhere.key"}, "is not there"),
        ({"tls_key": "operator.key"}, "do not belong together"),
        ({"tls_certificate": "server.key"}, "do not belong together"),
        ({"tls_client_ca": "server.key"}, "do not belong together"),
    ],
)
def test_files_that_do_not_do_are_one_line_at_the_start(home: Path, wrong: dict[str, str], said: str) -> None:
    certified(home, "operator")
    files = {"tls_certificate": "server.pem", "tls_key": "server.key", **wrong}
    settings = {name: str(home / file) for name, file in files.items()}
    run = ussd(home, "serve", "--port", "0", "--admin-port", "0", **settings)
    last = run.stderr.splitlines()[-1]
    assert (run.returncode, said in last) == (1, True), run.stderr
    assert "Traceback" not in run.stderr


def test_nothing_older_than_tls_1_2_is_spoken(home: Path) -> None:
    context = context_of(home / "server.pem", home / "server.key", None)
    assert context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_certificate_without_its_key_is_refused(home: Path) -> None:
    run = ussd(home, "serve", "--port", "0", "--admin-port", "0", tls_certificate=str(home / "server.pem"))
    assert run.stderr.splitlines()[-1] == "tls_certificate and tls_key are needed, both"
