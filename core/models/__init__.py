"""What is kept. `places` and `devices` are edited by people and the inventory, `schedule` is the hot row of
each receiver, `records` carries changes from the polls to the sockets, `alerts` is what somebody has to be told,
`limits` from when on, `notices` whom else, `access` holds who may ask.
"""

from core.models.access import Ticket, Token
from core.models.alerts import Alert, Mute
from core.models.devices import Channel, Receiver, Server, ServerHealth
from core.models.limits import Limits
from core.models.notices import Destination, Notice
from core.models.places import Group, Location, Slot
from core.models.records import Absence, ChangeRecord, ChannelRecord, Edited, Head, Inbox, Roster, Window
from core.models.schedule import Claim, PollMemory, PollRecord, Pulse, Schedule

__all__ = [
    "Absence",
    "Alert",
    "ChangeRecord",
    "Channel",
    "ChannelRecord",
    "Claim",
    "Destination",
    "Edited",
    "Group",
    "Head",
    "Inbox",
    "Limits",
    "Location",
    "Mute",
    "Notice",
    "PollMemory",
    "PollRecord",
    "Pulse",
    "Receiver",
    "Roster",
    "Schedule",
    "Server",
    "ServerHealth",
    "Slot",
    "Ticket",
    "Token",
    "Window",
]
