"""Plays Shure receivers and their System API server over real sockets: for the demo, tests, faults and benchmarks.

`manage.py simulate_shure` plays for the demo; in a test::

    with Simulator(models=("ULXD4Q", "AD4D"), seed=7) as sim:
        requests.get(f"{sim.url}/api/v1/devices", headers={"x-api-key": sim.api_key}, verify=sim.certificate)
        sim.set(sim.source_ids[0], 1, battery_percent=12)

The path: `show` decides what every microphone does at a second, `receivers` keeps what is held against it,
`families` says it in the words of the receiver, `command_strings` (TCP 2202) and `system_api` (HTTPS) send it
through `connections`, where faults step in. `stage` puts them together, `control` and `simulator` direct it.

The control endpoint, plain HTTP on loopback, answers in JSON; an error is `{"error": "a sentence"}` with 400,
404 or 409. Fields of a channel are those of `core.domain.reading.ChannelReading`, in its units.

========  =======================================  ==========================================================
method    path                                     body, and what it does
========  =======================================  ==========================================================
GET       /truth, /truth/{source_id}               every receiver and channel as it really is, decoded and raw
GET       /counts                                  requests, conditional ones, 304s, sessions, commands
POST      /counts/reset                            count from now
GET       /show                                    second, paused, speed
POST      /show                                    `{"paused": true, "speed": 60}`: packs drain 60 times as fast
GET       /dialect                                 how the server speaks where Shure's behaviour is not known
PATCH     /dialect                                 `{"etags": false, "listing": "array", "page_size": 50,
                                                   "unsupported": 405, "problem_type": "application/problem+json"}`
POST      /receivers                               `{"model": "AD4D", "name": "RX B"}`: one more receiver
PATCH     /receivers/{source_id}                   `{"state": "OFFLINE", "listening": false, "name": "…",
                                                   "firmware": "…", "compatibility": "…", "capabilities": […],
                                                   "channel_capabilities": […]}`
DELETE    /receivers/{source_id}                   it is gone from the list and from the network
PATCH     /receivers/{source_id}/channels/{n}      `{"battery_percent": 12, "rf_dbm": -91, "muted": true, …}`:
                                                   set, and held: the show no longer moves them
POST      /receivers/{source_id}/channels/{n}/     `{"fields": ["rf_dbm"]}`, or nothing for all: the show goes on
          release                                  with them
========  =======================================  ==========================================================

What hangs together follows a held value unless it is held too: a percentage moves minutes and bars, an RF level
its antennas, an audio level its peak. While the transmitter is off nothing that comes from it is known, held or
not. `changes` in the truth counts, for each channel and in all, what was changed from outside; the show's own
moves are not counted: pause it to compare.
"""

from pollers.simulator.connections import Occupied
from pollers.simulator.counts import Counts, Sessions
from pollers.simulator.credentials import Credentials, credentials
from pollers.simulator.dialect import Dialect, Listing
from pollers.simulator.simulator import Simulator
from pollers.simulator.truth import ChannelTruth, ReceiverTruth, Truth
from pollers.simulator.values import Unknown, Unplayable

__all__ = [
    "ChannelTruth",
    "Counts",
    "Credentials",
    "Dialect",
    "Listing",
    "Occupied",
    "ReceiverTruth",
    "Sessions",
    "Simulator",
    "Truth",
    "Unknown",
    "Unplayable",
    "credentials",
]
