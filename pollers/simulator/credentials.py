"""What a System API server writes at its first run: a self-signed certificate and the key of its clients."""

import hashlib
import ipaddress
import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Fixed dates, so that a machine with its clock a day or a year off still plays.
VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
VALID_TO = datetime(2049, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The files of one data folder; `fingerprint` is the certificate's SHA-256 in lower-case hex."""

    certificate: Path
    private_key: Path
    api_key_file: Path
    fingerprint: str

    @property
    def api_key(self) -> str:
        return self.api_key_file.read_text().strip()


def credentials(data: Path) -> Credentials:
    """Return the credentials in this folder; what is missing is made, what is there stays as it is.

    Two processes may ask at once: each file appears whole, and whoever comes second uses the first one's.
    """
    data.mkdir(parents=True, exist_ok=True)
    api_key_file, private_key, certificate = data / "api-key", data / "key.pem", data / "cert.pem"
    if not api_key_file.exists():
        _put_once(api_key_file, secrets.token_urlsafe(192).encode(), mode=0o600)
    if not private_key.exists():
        _put_once(private_key, _new_private_key(), mode=0o600)
    if not certificate.exists():
        _put_once(certificate, _new_certificate(private_key.read_bytes()), mode=0o644)
    return Credentials(
        certificate=certificate,
        private_key=private_key,
        api_key_file=api_key_file,
        fingerprint=_fingerprint(certificate.read_bytes()),
    )


def _put_once(path: Path, content: bytes, *, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        Path(temporary).unlink()


def _new_private_key() -> bytes:
    # P-256: a handshake costs the server a tenth of what RSA does, and every poll may be one.
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _new_certificate(private_key: bytes) -> bytes:
    """Return a self-signed certificate that strict verification also accepts as its own authority."""
    key = serialization.load_pem_private_key(private_key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = "the simulator's key.pem holds no elliptic-curve key; remove it and cert.pem"
        raise TypeError(message)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated Shure System API")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    loopback = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_key_usage(), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName([x509.DNSName("localhost"), *map(x509.IPAddress, loopback)]), False),
        (identifier, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
    ]
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=VALID_FROM,
        not_valid_after=VALID_TO,
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _fingerprint(certificate: bytes) -> str:
    der = x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)
    return hashlib.sha256(der).hexdigest()
