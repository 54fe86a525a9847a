"""Plays Shure devices and their System API server over real sockets: for the demo, tests, faults and benchmarks.

`manage.py simulate_shure` plays for the demo; in a test::

    with Simulator(models=("ULXD4Q", "SBC840"), seed=7) as sim:
        requests.get(f"{sim.url}/api/v1/devices", headers={"x-api-key": sim.api_key}, verify=sim.certificate)
        sim.set(sim.source_ids[0], 1, battery_percent=12)
        sim.strike(Drip(ms=20), at=sim.source_ids[1])

The path: `show`, `charging` and `portable` decide what every channel does at a second, `rack` keeps what is held
against it, `families` say it in the words of the device, `command_strings` (TCP 2202) and `system_api` (HTTPS)
send it through `connections`, where `faults` step in. `stage` puts them together, `scenarios` and `upsets` say
what the evening is like, `control` and `simulator` direct it.

The control endpoint, plain HTTP on loopback, answers in JSON; an error is `{"error": "a sentence"}` with 400,
404 or 409. Fields of a channel are those of `core.domain.reading.ChannelReading`, in its units. What is in a
source id is percent-encoded in a path.

========  =======================================  ==========================================================
method    path                                     body, and what it does; as a method of `Simulator`
========  =======================================  ==========================================================
GET       /truth, /truth/{source_id}               every receiver as it really is, decoded and raw; `truth`
GET       /counts                                  requests, conditional ones, 304s, sessions, commands; `counts`
POST      /counts/reset                            count from now; `reset_counts`
GET       /show                                    second, paused, speed, scenario
POST      /show                                    `{"paused": true, "speed": 60, "skip": 600, "scenario":
                                                   "chaos"}`: packs drain 60 times as fast, ten minutes are left
                                                   out; `turn`
GET       /dialect                                 how the server speaks where Shure's behaviour is not known
PATCH     /dialect                                 `{"etags": false, "weak_etags": true, "listing": "array",
                                                   "page_size": 50, "unsupported": 405}`; `speak`
GET       /list                                    what is odd about the device list
PATCH     /list                                    `{"shown": 3, "malformed": "dd…", "twice": "dd…",
                                                   "repeating": true}`; null or false for as it is;
                                                   `distort_list`
GET       /faults                                  what is wrong now, by place
PUT       /faults                                  `{"at": "dd…", "kind": "drip", "ms": 20}`; `strike`
DELETE    /faults                                  `{"at": "dd…"}`, or nothing for all of them; `heal`
POST      /receivers                               `{"model": "AD4D", "name": "RX B", "state": "DISCOVERED",
                                                   "source_id": "a/ö"}`: one more receiver; `add`
PATCH     /receivers/{source_id}                   `{"name": "…", "state": "OFFLINE", "listening": false,
                                                   "firmware": "…", "compatibility": "…", "capabilities": […],
                                                   "channel_capabilities": […], "listed_address": "127.…",
                                                   "answers_as": "ULXD4D", "controllers_allowed": false,
                                                   "quadversity": true}`; `patch`
DELETE    /receivers/{source_id}                   it is gone from the list and from the network; `remove`
POST      /receivers/{source_id}/move              `{"told": false}`: to an address that nobody had, of which its
                                                   server does not know; `move`
POST      /receivers/{source_id}/swap              `{"with": "dd…", "told": false}`: addresses; `swap`
POST      /receivers/{source_id}/replace           `{"source_id": "dd…"}`, or nothing for one of Shure's form:
                                                   another piece with the same serial; `replace`
PATCH     /receivers/{source_id}/channels/{n}      `{"battery_percent": 12, "rf_dbm": -91, "muted": true, …}`:
                                                   set, and held: the show no longer moves them; `set`
POST      /receivers/{source_id}/channels/{n}/     `{"fields": ["rf_dbm"]}`, or nothing for all: the show goes on
          release                                  with them; `release`
========  =======================================  ==========================================================

A fault is at one place: the `"server"`, one of its resources by its path below the base (`"/devices"`,
`"/devices/{id}/name"` for every device, `"/devices/dd…/name"` for one), or a receiver's TCP side by its source
id. The nearest counts, and a place has one at a time. Receivers, server and resources take

==================================  =============================================================================
`hang`                              connections and questions are taken, and nothing is answered
`close`                             closed as soon as accepted; of a resource, when it is asked for
`cut`, `after` bytes or null        an answer ends there, or in its middle, and the connection with it
`drip`, `ms`                        a byte every so often, status line and headers too
`noise`, `seed`                     bytes that mean nothing in place of all that is said
`shred`                             a byte a write
`slow`, `ms`                        so much later
`refuse`                            (no resource) nothing listens
`glue`, `ms`                        (receivers) all that is said in that time comes at once
`status`, `status`, `retry_after`   (no receiver) that status, and that header as it is
`html`, `truncated`, `scrambled`    (no receiver) 200 with a page, with half of the JSON, with noise
`etag`, `value` or null             (no receiver) that one, or the last one for ever, whatever changes
`not_modified`                      (no receiver) 304, asked for or not
==================================  =============================================================================

What hangs together follows a held value unless it is held too: a percentage moves minutes and bars, an RF level
its antennas, an audio level its peak, a charger's state whether it charges. While the transmitter is off, or the
bay empty, nothing that comes from it is known, held or not. `changes` in the truth counts, for each channel and
in all, what was changed from outside or upset by the scenario; what the show moves is not counted: pause it, or
play `quiet`, to compare.
"""

from pollers.simulator.connections import Occupied
from pollers.simulator.counts import Counts, Sessions
from pollers.simulator.credentials import Credentials, credentials
from pollers.simulator.dialect import Dialect, Listing
from pollers.simulator.faults import (
    Close,
    Cut,
    Drip,
    Etag,
    Fault,
    Glue,
    Hang,
    Html,
    Noise,
    NotModified,
    Refuse,
    Scrambled,
    Shred,
    Slow,
    Status,
    Truncated,
)
from pollers.simulator.scenarios import SCENARIOS
from pollers.simulator.simulator import Simulator
from pollers.simulator.truth import ChannelTruth, ReceiverTruth, Truth
from pollers.simulator.values import Unknown, Unplayable

__all__ = [
    "SCENARIOS",
    "ChannelTruth",
    "Close",
    "Counts",
    "Credentials",
    "Cut",
    "Dialect",
    "Drip",
    "Etag",
    "Fault",
    "Glue",
    "Hang",
    "Html",
    "Listing",
    "Noise",
    "NotModified",
    "Occupied",
    "ReceiverTruth",
    "Refuse",
    "Scrambled",
    "Sessions",
    "Shred",
    "Simulator",
    "Slow",
    "Status",
    "Truncated",
    "Truth",
    "Unknown",
    "Unplayable",
    "credentials",
]
