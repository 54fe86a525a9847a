import pytest

from pollers.shure import wire
from pollers.shure.errors import Malformed

NODE = {"deviceState": "ONLINE", "hardwareIdentity": {"deviceId": "dd01"}}


@pytest.mark.parametrize(
    "node",
    [
        NODE,
        NODE | {"softwareIdentity": None, "capabilities": None, "communicationProtocol": {}},
        NODE | {"softwareIdentity": {"model": None}, "capabilities": []},
        NODE | {"somethingNew": {"in": ["a", "later", "version"]}},
    ],
)
def test_a_node_may_tell_little_and_may_tell_more(node: dict[str, object]) -> None:
    assert wire.shaped(wire.Node, node) == node


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (wire.Node, None, "The answer is not an object."),
        (wire.Node, [], "The answer is not an object."),
        (wire.Node, {"deviceState": "ONLINE"}, "hardwareIdentity is not there."),
        (wire.Node, NODE | {"deviceState": None}, "deviceState is not a string."),
        (
            wire.Node,
            NODE | {"hardwareIdentity": {"deviceId": 7}},
            "hardwareIdentity.deviceId is not a string.",
        ),
        (wire.Node, NODE | {"softwareIdentity": "2.7"}, "softwareIdentity is not an object."),
        (wire.Node, NODE | {"capabilities": ["name", None]}, "capabilities[1] is not a string."),
        (wire.Connection, {"edges": {}}, "edges is not a list."),
        (
            wire.Connection,
            {"edges": [], "pageInfo": {"hasNextPage": 1}},
            "pageInfo.hasNextPage is not true or false.",
        ),
        (wire.BatteryLevel, {"percentage": True}, "percentage is not a whole number."),
        (wire.BatteryLevel, {"percentage": 87.5}, "percentage is not a whole number."),
        (list[wire.AudioChannel], [{}], "[0].id is not there."),
    ],
)
def test_another_shape_is_malformed_and_says_where(kind: type[object], value: object, why: str) -> None:
    with pytest.raises(Malformed) as failure:
        wire.shaped(kind, value)

    assert failure.value.detail == why
