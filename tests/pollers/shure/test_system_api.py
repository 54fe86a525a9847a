import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest

from core.domain.reading import Anomaly, DeviceReading, DeviceState, Unchanged
from pollers.shure.device_list import MOST_ANOMALIES
from pollers.shure.errors import Malformed, Refused, Throttled, Unanswered, Unreachable, Unsupported
from pollers.shure.system_api import Memory, SystemApi
from tests.pollers.shure.played import Peer, Play, PlayedServer, answering, header, http, recorded, soon

Serve = Callable[[Play], PlayedServer]

NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n\r\n"


def node(source_id: object, **changes: object) -> dict[str, object]:
    return {"deviceState": "ONLINE", "hardwareIdentity": {"deviceId": source_id}} | changes


def device(source_id: str) -> DeviceReading:
    return DeviceReading(source_id=source_id, state=DeviceState.ONLINE)


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def page(*nodes: object, after: str | None = None) -> bytes:
    info = {"hasNextPage": after is not None, "endCursor": after}
    return http(body({"pageInfo": info, "edges": [{"cursor": "", "node": node} for node in nodes]}))


def paths(server: PlayedServer) -> list[str]:
    return [request.split()[1].decode().removeprefix("/api/v1") for request in server.heard]


def remembered(etag: str | None, body: bytes) -> Memory:
    return Memory(etag=etag, digest=sha256(body).hexdigest())


# The device list


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(page(node("a"), node("b")), id="as Relay has it"),
        pytest.param(
            http(body({"edges": [{"node": node("a")}, {"node": node("b")}]})), id="without page info"
        ),
        pytest.param(http(body([node("a"), node("b")])), id="a bare array"),
        pytest.param(http(body({"items": [node("a"), node("b")]})), id="items"),
    ],
)
def test_a_list_has_three_forms(serve: Serve, answer: bytes) -> None:
    server = serve(answering(answer))

    devices, anomalies = SystemApi(server.endpoint()).devices(deadline=soon())

    assert devices == [device("a"), device("b")]
    assert anomalies == []


def test_a_list_goes_on_behind_its_last_cursor(serve: Serve) -> None:
    server = serve(answering(page(node("a"), after="Mg=="), page(node("b"), after="a&b"), page(node("c"))))

    devices, anomalies = SystemApi(server.endpoint()).devices(deadline=soon())

    assert devices == [device("a"), device("b"), device("c")]
    assert anomalies == []
    assert paths(server) == ["/devices", "/devices?after=Mg%3D%3D", "/devices?after=a%26b"]


def test_a_list_that_repeats_itself_ends(serve: Serve) -> None:
    server = serve(answering(page(node("a"), after="1"), page(node("b"), node("a"), after="2")))

    devices, anomalies = SystemApi(server.endpoint()).devices(deadline=soon())

    assert devices == [device("a"), device("b")]
    assert [(anomaly.source_id, anomaly.reason) for anomaly in anomalies] == [
        ("a", "duplicate"),
        (None, "paging"),
    ]
    assert len(server.heard) == 3


def test_an_empty_list_is_no_anomaly(serve: Serve) -> None:
    server = serve(answering(page()))

    assert SystemApi(server.endpoint()).devices(deadline=soon()) == ([], [])


def test_one_bad_entry_does_not_spoil_the_rest(serve: Serve) -> None:
    server = serve(
        answering(
            page(
                node("a"),
                node("A", deviceState="OFFLINE"),
                node(".."),
                node("b", deviceState="ASLEEP"),
                node(7),
                None,
                node("c", capabilities="all of them"),
                node("d"),
            )
        )
    )

    devices, anomalies = SystemApi(server.endpoint()).devices(deadline=soon())

    assert devices == [device("a"), device("d")]
    assert anomalies == [
        Anomaly(
            source_id="A",
            position=1,
            reason="duplicate",
            detail="The server lists this id twice; the first one counts.",
        ),
        Anomaly(
            source_id="..",
            position=2,
            reason="malformed",
            detail="An id has characters that cannot be kept or asked for.",
        ),
        Anomaly(
            source_id="b", position=3, reason="malformed", detail="'ASLEEP' is no DeviceState that is known."
        ),
        Anomaly(
            source_id=None,
            position=4,
            reason="malformed",
            detail="hardwareIdentity.deviceId is not a string.",
        ),
        Anomaly(source_id=None, position=5, reason="malformed", detail="The answer is not an object."),
        Anomaly(source_id="c", position=6, reason="malformed", detail="capabilities is not a list."),
    ]


def test_a_list_of_nonsense_does_not_fill_the_memory(serve: Serve) -> None:
    server = serve(answering(http(body([0] * 100_000))))

    devices, anomalies = SystemApi(server.endpoint()).devices(deadline=soon())

    assert devices == []
    assert len(anomalies) == MOST_ANOMALIES


def test_all_pages_together_are_bounded(serve: Serve) -> None:
    padding = "x" * (3 * 2**20)

    def play(peer: Peer) -> None:
        for number in range(100):
            peer.read_request()
            peer.send(page(node(f"id-{number}", padding=padding), after=str(number)))

    server = serve(play)

    with pytest.raises(Malformed) as failure:
        SystemApi(server.endpoint()).devices(deadline=soon())

    assert failure.value.reason == "oversized"
    assert len(server.heard) == 3


@pytest.mark.parametrize("wrong", [{}, {"edges": None}, "devices", {"items": 7}, None])
def test_what_is_no_list_is_malformed(serve: Serve, wrong: object) -> None:
    server = serve(answering(http(body(wrong))))

    with pytest.raises(Malformed) as failure:
        SystemApi(server.endpoint()).devices(deadline=soon())

    assert failure.value.recording == body(wrong)


# What did not change


def test_a_resource_is_remembered_by_its_etag_and_its_digest(serve: Serve) -> None:
    told = body(node("a"))
    server = serve(answering(http(told, 'ETag: W/"7"')))

    answer, memory = SystemApi(server.endpoint()).device("a", memory=None, deadline=soon())

    assert answer == device("a")
    assert memory == remembered('W/"7"', told)
    assert header(server.heard[0], "If-None-Match") is None


def test_a_resource_that_the_server_calls_unchanged_is(serve: Serve) -> None:
    server = serve(answering(NOT_MODIFIED))
    memory = remembered('W/"7"', b"what it was")

    answer = SystemApi(server.endpoint()).device("a", memory=memory, deadline=soon())

    assert answer == (Unchanged(), memory)
    assert header(server.heard[0], "If-None-Match") == 'W/"7"'


def test_a_resource_without_an_etag_is_unchanged_by_its_digest(serve: Serve) -> None:
    told = body({"name": "Rack"})
    server = serve(answering(http(told), http(body({"name": "Other"}))))
    api, memory = SystemApi(server.endpoint()), remembered(None, told)

    same = api.name("a", memory=memory, deadline=soon())
    other = api.name("a", memory=memory, deadline=soon())

    assert same == (Unchanged(), memory)
    assert other == ("Other", remembered(None, body({"name": "Other"})))
    assert [header(request, "If-None-Match") for request in server.heard] == [None, None]


def test_a_new_etag_for_the_same_body_is_unchanged_and_remembered(serve: Serve) -> None:
    told = body({"name": "Rack"})
    server = serve(answering(http(told, 'ETag: "2"')))

    answer = SystemApi(server.endpoint()).name("a", memory=remembered('"1"', told), deadline=soon())

    assert answer == (Unchanged(), remembered('"2"', told))


def test_without_memory_the_whole_is_asked_for(serve: Serve) -> None:
    told = body({"name": "Rack"})
    server = serve(answering(http(told, 'ETag: "1"')))

    answer = SystemApi(server.endpoint()).name("a", memory=None, deadline=soon())

    assert answer == ("Rack", remembered('"1"', told))


@pytest.mark.parametrize("memory", [None, Memory(etag=None, digest="0")])
def test_unchanged_since_nothing_is_asked_again(serve: Serve, memory: Memory | None) -> None:
    server = serve(answering(NOT_MODIFIED, http(body({"name": "Rack"}))))

    name, _ = SystemApi(server.endpoint()).name("a", memory=memory, deadline=soon())

    assert name == "Rack"
    assert len(server.heard) == 2


def test_a_server_that_only_ever_says_unchanged_is_malformed(serve: Serve) -> None:
    server = serve(answering(NOT_MODIFIED))

    with pytest.raises(Malformed, match="never said what there is"):
        SystemApi(server.endpoint()).name("a", memory=None, deadline=soon())

    assert len(server.heard) == 2


@pytest.mark.parametrize(
    ("told", "remembered"),
    [
        ('ETag: "x"', '"x"'),
        ("ETag: unquoted", "unquoted"),
        (f'ETag: "{"x" * 254}"', f'"{"x" * 254}"'),
        (f'ETag: "{"x" * 255}"', None),
        (f'ETag: "{"x" * 10_000}"', None),
        ("ETag:", None),
        ('ETag: "sch\u00f6n"', None),
        ('ETag: "a\tb"', None),
        ('ETag: "a\r\n X-Other: b"', '"a X-Other: b"'),
    ],
)
def test_an_etag_is_echoed_only_if_it_can_be(serve: Serve, told: str, remembered: str | None) -> None:
    server = serve(answering(http(body({"name": "Rack"}), told)))
    api = SystemApi(server.endpoint())

    _, memory = api.name("a", memory=None, deadline=soon())
    api.name("a", memory=memory, deadline=soon())

    assert memory.etag == remembered
    assert header(server.heard[1], "If-None-Match") == remembered


# What is asked


def test_each_resource_has_its_path(serve: Serve) -> None:
    server = serve(answering(http(b"[]")))
    api = SystemApi(server.endpoint())

    api.audio_channels("dd01", memory=None, deadline=soon())
    for ask in (api.device, api.name, api.battery_level, api.battery_health):
        with pytest.raises(Malformed):
            ask("dd01", memory=None, deadline=soon())
    with pytest.raises(Malformed):
        api.audio_activity("dd01", "eyJ0IjoiQSJ9+/=", memory=None, deadline=soon())

    assert paths(server) == [
        "/devices/dd01/audio-channels",
        "/devices/dd01",
        "/devices/dd01/name",
        "/devices/dd01/battery-level",
        "/devices/dd01/battery-health",
        "/devices/dd01/audio-channels/eyJ0IjoiQSJ9%2B%2F%3D/activity",
    ]


@pytest.mark.parametrize(
    ("source_id", "path"),
    [
        ("a/b", "/devices/a%2Fb"),
        ("a%2fb", "/devices/a%252fb"),
        ("../config", "/devices/..%2Fconfig"),
        ("a?b#c", "/devices/a%3Fb%23c"),
        ("\N{SNOWMAN} 1", "/devices/%E2%98%83%201"),
        ("a;b\\c", "/devices/a%3Bb%5Cc"),
    ],
)
def test_an_id_is_one_segment_of_a_path(serve: Serve, source_id: str, path: str) -> None:
    server = serve(answering(http(body(node(source_id)))))

    answer, _ = SystemApi(server.endpoint()).device(source_id, memory=None, deadline=soon())

    assert answer == device(source_id)
    assert paths(server) == [path]


def test_an_id_that_leads_out_of_its_place_is_not_asked_for(serve: Serve) -> None:
    server = serve(answering(http()))

    with pytest.raises(Malformed, match="An id has"):
        SystemApi(server.endpoint()).device("..", memory=None, deadline=soon())

    assert server.heard == []


def test_the_answer_for_another_device_is_malformed(serve: Serve) -> None:
    server = serve(answering(http(body(node("B"))), http(body(node("A")))))
    api = SystemApi(server.endpoint())

    with pytest.raises(Malformed, match="for another device"):
        api.device("a", memory=None, deadline=soon())
    answer, _ = api.device("a", memory=None, deadline=soon())

    assert answer == device("A")


# What is no answer


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        ("401 Unauthorized", Refused, "unauthorised"),
        ("403 Forbidden", Refused, "unauthorised"),
        ("429 Too Many Requests", Throttled, "throttled"),
        ("500 Internal Server Error", Unreachable, "broken"),
        ("503 Service Unavailable", Unreachable, "broken"),
        ("301 Moved Permanently", Malformed, "redirected"),
        ("302 Found", Malformed, "redirected"),
        ("400 Bad Request", Malformed, "status"),
        ("204 No Content", Malformed, "status"),
        ("206 Partial Content", Malformed, "status"),
    ],
)
def test_a_status_says_what_to_do_next(
    serve: Serve, status: str, kind: type[Unanswered], reason: str
) -> None:
    server = serve(answering(http(recorded("system_api/unauthorised.json"), status=status)))
    api = SystemApi(server.endpoint())

    for ask in (api.device, api.name):
        with pytest.raises(kind) as failure:
            ask("a", memory=None, deadline=soon())

        assert failure.value.reason == reason
        assert failure.value.failure().detail.endswith(".")


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed"])
def test_what_is_absent_means_another_thing_in_each_place(serve: Serve, status: str) -> None:
    api = SystemApi(serve(answering(http(b"", status=status))).endpoint())

    with pytest.raises(Unreachable, match="gone"):
        api.device("a", memory=None, deadline=soon())
    with pytest.raises(Unsupported, match="has no battery-level"):
        api.battery_level("a", memory=None, deadline=soon())
    with pytest.raises(Unsupported, match="has no activity"):
        api.audio_activity("a", "b", memory=None, deadline=soon())
    with pytest.raises(Malformed, match="no System API"):
        api.devices(deadline=soon())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (("Retry-After: 7",), 7),
        ((), 1),
        (("Retry-After: nonsense",), 1),
        (("Retry-After: 1000000000",), 300),
        (("Date: Sun, 01 Mar 2026 12:00:00 GMT", "Retry-After: Sun, 01 Mar 2026 12:00:20 GMT"), 20),
    ],
)
def test_a_server_that_is_asked_too_often_says_for_how_long(
    serve: Serve, headers: tuple[str, ...], seconds: int
) -> None:
    server = serve(answering(http(b"", *headers, status="429 Too Many Requests")))

    with pytest.raises(Throttled) as failure:
        SystemApi(server.endpoint()).devices(deadline=soon())

    assert failure.value.retry_after == timedelta(seconds=seconds)


def test_a_malformed_answer_is_recorded_without_the_key(serve: Serve) -> None:
    server = serve(answering(http(b'{"you":"sent the-secret"}' + b" " * 5000)))

    with pytest.raises(Malformed) as failure:
        SystemApi(server.endpoint(key="the-secret")).name("a", memory=None, deadline=soon())

    assert failure.value.recording.startswith(b'{"you":"sent [key]"}')
    assert len(failure.value.recording) == Malformed.RECORDED
    assert "the-secret" not in str(failure.value)


def test_an_answer_has_two_mebibytes_at_most(serve: Serve) -> None:
    large = body({"name": "x" * (2 * 2**20)})
    server = serve(answering(http(large)))

    with pytest.raises(Malformed) as failure:
        SystemApi(server.endpoint()).name("a", memory=None, deadline=soon())

    assert failure.value.reason == "oversized"


def test_a_server_speaks_for_itself_alone(serve: Serve) -> None:
    here, there = (
        serve(answering(http(body({"name": "here"})))),
        serve(answering(http(body({"name": "there"})))),
    )

    names = [
        SystemApi(each.endpoint()).name("a", memory=None, deadline=soon())[0] for each in (here, there, here)
    ]

    assert names == ["here", "there", "here"]
    assert (here.connections, there.connections) == (1, 1)
