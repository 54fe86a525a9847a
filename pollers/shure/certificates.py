"""How a server proves that it is the one that was meant: by an authority, or by its very certificate."""

import hashlib
import ssl
from functools import lru_cache
from pathlib import Path

from pollers.shure.errors import Unreachable
from pollers.shure.exchange import DeadlineSocket


def fingerprint(certificate: bytes) -> str:
    """Return the pin of a DER certificate: its SHA-256 in lower-case hex."""
    return hashlib.sha256(certificate).hexdigest()


def context(*, ca_file: str | None, pinned: bool) -> ssl.SSLContext:
    """Return what a connection is verified with. Raises `Unreachable` when the CA file cannot be used.

    A pinned certificate without a CA file vouches for itself: its issuer, name and dates do not count,
    because servers make their own. Whoever uses the context compares the pin before anything is sent.
    """
    if ca_file is None:
        return _by_itself() if pinned else _by_authority(None, 0)
    try:
        return _by_authority(ca_file, Path(ca_file).stat().st_mtime_ns)
    except OSError as error:
        why = error.strerror or "it holds no certificate"
        raise Unreachable("untrusted", f"The CA file {ca_file} cannot be used: {why}.") from None


@lru_cache(maxsize=16)
def _by_authority(ca_file: str | None, _changed_at: int) -> ssl.SSLContext:
    # The time of change is part of the key: a renewed CA file counts from the next connection on.
    made = ssl.create_default_context(cafile=ca_file)
    # Python 3.13 alone sets this; it refuses the certificates of many a small authority.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    made.sslsocket_class = DeadlineSocket
    return made


@lru_cache(maxsize=1)
def _by_itself() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.sslsocket_class = DeadlineSocket
    return made
