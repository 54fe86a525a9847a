"""A System API server as somebody configured it."""

import re
from dataclasses import dataclass, field

BASE_PATH = "/api/v1"
HTTPS_PORT = 443

_URL = re.compile(
    r"https://(?P<authority>(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?)"
    rf"(?:{BASE_PATH})?/?"
)
_PORTS = range(1, 65_536)
_PIN = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One server, ready to be asked. Raises `ValueError` with a sentence when it cannot be.

    `url` is https://HOST:PORT, `ca_file` a PEM file, `pins` SHA-256 fingerprints of the certificate (two
    while it is being replaced); with neither the system's authorities count, with both both must agree.
    """

    url: str
    # A server with a new key is still the same server: its connections go on.
    key: str = field(repr=False, compare=False)
    ca_file: str | None = None
    pins: tuple[str, ...] = ()
    allow_loopback: bool = False

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url) or self.port not in _PORTS:
            raise ValueError(f"The address has to be https://HOST:PORT and no more; {BASE_PATH} is added.")
        if not all(map(_PIN.fullmatch, self.pins)):
            raise ValueError("A fingerprint has to be 64 hexadecimal digits in lower case, without colons.")
        if not _KEY.fullmatch(self.key):
            raise ValueError("The key has to be printable ASCII without spaces.")

    @property
    def authority(self) -> str:
        """HOST:PORT, as people are told."""
        return self._part("authority")

    @property
    def hostname(self) -> str:
        return self._part("name").strip("[]")

    @property
    def port(self) -> int:
        return int(self._part("port") or HTTPS_PORT)

    @property
    def base_url(self) -> str:
        return f"https://{self.authority}{BASE_PATH}"

    def _part(self, name: str) -> str:
        found = _URL.fullmatch(self.url)
        return (found and found[name]) or ""
