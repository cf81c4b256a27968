"""A link over TLS: both know each other, or nothing is said."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from gateways.smpp.pdu import Command
from tests.gateways.smpp.keeping import keeping, submitting, until
from tests.gateways.smpp.peer import Peers, peers

pytestmark = pytest.mark.usefixtures("quick")


Identity = tuple[Path, Path]


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """A certificate for `smsc.example`, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smsc.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("smsc.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(pem))
    paths[1].write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return paths


@pytest.fixture
async def secure(identity: Identity) -> AsyncIterator[Peers]:
    """An SMSC that speaks TLS, and wants a certificate of ours."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=identity[0])
    context.load_cert_chain(*identity)
    context.verify_mode = ssl.CERT_REQUIRED
    async with peers(tls=context) as found:
        yield found


async def test_over_tls_it_binds_where_both_know_each_other(secure: Peers, identity: Identity) -> None:
    ours = {"ca": identity[0], "certificate": identity[0], "key": identity[1], "server_name": "smsc.example"}
    async with keeping(secure, tls=ours) as client:
        peer = await secure.next()
        assert peer.writer.get_extra_info("peercert")
        await peer.bound()
        await until(lambda: client.bound)
        sent = submitting(client)
        peer.answer(await peer.expect(Command.SUBMIT_SM))
        await sent


@pytest.mark.parametrize("wrong", [{}, {"server_name": "other.example"}])
async def test_over_tls_nothing_is_said_to_an_smsc_of_another_name_or_of_unknown_authority(
    secure: Peers, identity: Identity, wrong: dict[str, str]
) -> None:
    ours = wrong and {"ca": identity[0], "certificate": identity[0], "key": identity[1], **wrong}
    with capture_logs() as log:
        async with keeping(secure, tls=ours) as client:
            await until(lambda: any(one["event"] == "smsc_away" for one in log))
            assert not client.bound
    assert log[0]["why"] == "no TLS: CERTIFICATE_VERIFY_FAILED"
    assert secure.arrived.empty()
