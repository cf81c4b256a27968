"""TLS of our own on the callbacks' port, for installations without a proxy in front."""

import ssl
from pathlib import Path


class TlsError(Exception):
    """No TLS can be spoken with these files; one line says why."""


def context_of(certificate: Path | None, key: Path | None, client_ca: Path | None) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with a PEM certificate and its key; with `client_ca`, only for clients whom that has signed.

    None where nothing is given. Raises TlsError.
    """
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise TlsError("tls_certificate and tls_key are needed, both")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_nothing)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
    except FileNotFoundError:
        raise TlsError("a file of tls_certificate, tls_key or tls_client_ca is not there") from None
    except (OSError, ValueError):
        raise TlsError("tls_certificate, tls_key and tls_client_ca cannot be read, or do not belong together") from None
    return context


def _nothing() -> str:
    """Without this OpenSSL would ask the terminal for the password of a key that has one."""
    return ""
