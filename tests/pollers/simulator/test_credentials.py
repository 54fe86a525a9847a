import hashlib
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pollers.simulator import credentials


def test_asking_again_changes_nothing(data: Path) -> None:
    first = credentials(data)
    written = {path.name: path.read_bytes() for path in data.iterdir()}

    again = credentials(data)

    assert again == first
    assert {path.name: path.read_bytes() for path in data.iterdir()} == written
    assert written.keys() == {"cert.pem", "key.pem", "api-key"}


def test_whoever_asks_at_once_gets_the_same(data: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: credentials(data), range(32)))

    assert len(set(found)) == 1
    assert sorted(path.name for path in data.iterdir()) == ["api-key", "cert.pem", "key.pem"]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(found[0].certificate, found[0].private_key)


def test_secrets_are_for_their_owner_alone(data: Path) -> None:
    made = credentials(data)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (made.private_key, made.api_key_file)]

    assert modes == [0o600, 0o600]


def test_the_api_key_is_as_long_as_the_servers_own(data: Path) -> None:
    made = credentials(data)

    assert len(made.api_key) == 256
    assert made.api_key.isprintable()


def test_the_fingerprint_is_that_of_the_certificate(data: Path) -> None:
    made = credentials(data)

    der = ssl.PEM_cert_to_DER_cert(made.certificate.read_text())

    assert made.fingerprint == hashlib.sha256(der).hexdigest()
