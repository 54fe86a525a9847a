"""Who is connected, and how many more may come: a limit for each address, user, token, and for all together."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from core.access import Principal
from realtime.audience import Socket


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Whose connection it is, and from which address it came."""

    principal: Principal
    address: str

    def limits(self) -> Iterable[tuple[str, int, str]]:
        """Yield each limit that this guest counts toward: what is counted, how many there may be, what that is."""
        yield "all", settings.SOCKETS, "in all"
        yield f"address {self.address}", settings.SOCKETS_PER_ADDRESS, "from this address"
        if self.principal.token_id is not None:
            yield f"token {self.principal.token_id}", settings.SOCKETS_PER_TOKEN, "with this token"
        elif self.principal.user_id is not None:
            yield f"user {self.principal.user_id}", settings.SOCKETS_PER_USER, "of this user"


class Guests:
    """The guests by their sockets."""

    def __init__(self) -> None:
        self._guests: dict[Socket, Guest] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def __contains__(self, socket: Socket) -> bool:
        return socket in self._guests

    def full(self, guest: Guest) -> str | None:
        """Return a sentence that says which limit one more would break, None: come in."""
        for counted, most, what in guest.limits():
            if self._counts[counted] >= most:
                return f"{most} connections {what} are open already, which is the limit. Close one and try again."
        return None

    def admit(self, socket: Socket, guest: Guest) -> None:
        self._guests[socket] = guest
        self._counts.update(counted for counted, _, _ in guest.limits())

    def leave(self, socket: Socket) -> None:
        guest = self._guests.pop(socket, None)
        if guest is not None:
            self._counts.subtract(counted for counted, _, _ in guest.limits())
            self._counts += Counter()  # forgets those who are down to none

    @property
    def sockets(self) -> list[Socket]:
        return list(self._guests)

    @property
    def principals(self) -> set[Principal]:
        return {guest.principal for guest in self._guests.values()}

    def of(self, principals: set[Principal]) -> list[Socket]:
        """Return the sockets of these principals."""
        return [socket for socket, guest in self._guests.items() if guest.principal in principals]

    def somebody_expired(self, at: datetime) -> bool:
        return any(
            guest.principal.expires_at is not None and guest.principal.expires_at <= at
            for guest in self._guests.values()
        )
