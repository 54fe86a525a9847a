"""What a file of channels says, what it would change, and what stands against it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.cells import harmless, meant
from core.domain.sheets import (
    COLUMNS,
    LARGEST,
    MOST_LINES,
    Complaint,
    Edit,
    House,
    Line,
    Plan,
    Standing,
    Unreadable,
    plan,
    read,
    written,
)


def standing(device_id: str, receiver: str, number: int, **known: Any) -> Standing:
    return Standing(device_id=device_id, receiver=receiver, number=number, **known)


LEAD = standing("SHURE001", "SHURE001", 1, receiver_name="Rack A", name="Lead", slots={"band": 1})
BASS = standing("SHURE001-2", "SHURE001", 2, receiver_name="Rack A", slots={"band": 2, "choir": 1})
HOST = standing("SHURE002", "SHURE002", 1, receiver_name="Rack B", colour="pink", location="foyer")
HOUSE = House(
    channels=(LEAD, BASS, HOST),
    locations={"main-a": "Main hall", "foyer": "Foyer"},
    groups={"band": "Band", "choir": "Choir"},
)


def planned(text: str) -> Plan:
    return plan(read(text.encode()), HOUSE)


def edit(line: int, device_id: str, what: str, *values: Any, group: str = "") -> Edit:
    before, after = values
    return Edit(line=line, device_id=device_id, what=what, before=before, after=after, group=group)


# Reading


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_is_read_as_spreadsheets_write_it(separator: str, encoding: str, end: str) -> None:
    rows = [
        ["Device ID", "Name", "notes"],
        ["SHURE001", "Bühne, links; vorn", "x"],
        ["", "", ""],
        ["SHURE002"],
    ]
    text = end.join(
        separator.join(f'"{cell}"' if {*cell} & {*",;"} else cell for cell in row) for row in rows
    )

    sheet = read(text.encode(encoding))

    assert (sheet.columns, sheet.unused) == (frozenset({"device_id", "name"}), ("notes",))
    assert sheet.lines == (
        Line(number=2, cells={"device_id": "SHURE001", "name": "Bühne, links; vorn"}),
        Line(number=4, cells={"device_id": "SHURE002", "name": ""}),
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "It is empty."),
        (b"\xef\xbb\xbf\r\n", "It is empty."),
        (b"device_id,name\n", "no channels below it"),
        (b"x" * (LARGEST + 1), "larger than 1 MiB"),
        (b"device_id,name\n" + b"SHURE001,x\n" * (MOST_LINES + 1), "It has 5,001 lines"),
        ("device_id,name\nSHURE001,Bühne".encode("latin-1"), "It is not UTF-8."),
        (b"\xff\xfex", "It is not UTF-8."),
        (b"PK\x03\x04rest", "It is a workbook."),
        (b"device_id,name\nSHURE001,\0", "It is no text."),
        (b'device_id,name\nSHURE001,"Lead', "Is a quotation mark missing?"),
        (b"name,colour\nLead,blue", "device_id, or receiver and channel"),
        (b"receiver,name\nRack A,Lead", "device_id, or receiver and channel"),
        (b"device_id,model\nSHURE001,ULXD4", "No column says anything"),
        (b"device_id,group\nSHURE001,band", "group and slot go together"),
        (b"device_id,name,alias\nSHURE001,a,b", "the column name twice"),
    ],
)
def test_a_file_that_is_none_is_told_with_what_to_do(data: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        read(data)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    with suppress(Unreadable):
        plan(read(b"device_id,name,group,slot\n" + data), HOUSE)


# Planning


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("device_id,name\nshure001,Pastor", [edit(2, "SHURE001", "name", "Lead", "Pastor")]),
        ("device_id,name\nSHURE001,", [edit(2, "SHURE001", "name", "Lead", "")]),
        ("device_id,name\nSHURE001,'=1+1", [edit(2, "SHURE001", "name", "Lead", "=1+1")]),
        ("device_id,color\nSHURE002,Blue", [edit(2, "SHURE002", "colour", "pink", "blue")]),
        ("receiver,channel,name\nrack a,2,Bass", [edit(2, "SHURE001-2", "name", "", "Bass")]),
        ("receiver,channel,name\nSHURE001,2,Bass", [edit(2, "SHURE001-2", "name", "", "Bass")]),
        ("device_id,location\nSHURE002,", [edit(2, "SHURE002", "location", "foyer", None)]),
        (
            "device_id,location\nSHURE001-2,main hall\nSHURE001,main-a",
            [edit(2, "SHURE001-2", "location", None, "main-a")],
        ),
        (
            "device_id,group,slot\nSHURE001,band,2\nSHURE001-2,band,1\nSHURE001-2,choir,1",
            [
                edit(2, "SHURE001", "slot", 1, 2, group="band"),
                edit(3, "SHURE001-2", "slot", 2, 1, group="band"),
            ],
        ),
        ("device_id,group,slot\nSHURE002,Band,", [edit(2, "SHURE002", "slot", None, 3, group="band")]),
        ("device_id,group,slot\nSHURE001,band,", []),
        (
            "device_id,group,slot\nSHURE001-2,,",
            [
                edit(2, "SHURE001-2", "slot", 2, None, group="band"),
                edit(2, "SHURE001-2", "slot", 1, None, group="choir"),
            ],
        ),
    ],
)
def test_a_file_changes_what_it_says_and_nothing_else(text: str, edits: list[Edit]) -> None:
    assert planned(text) == Plan(edits=tuple(edits))


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("device_id,name\nSHURE009,x", 2, "There is no channel SHURE009."),
        ("receiver,channel,name\nRack A,7,x", 2, "There is no channel 7 of the receiver Rack A."),
        ("receiver,channel,name\nRack A,,x", 2, "Say which channel this is"),
        (
            "device_id,receiver,channel,name\nSHURE001,Rack B,1,x",
            2,
            "SHURE001 is channel 1 of SHURE001, not channel 1 of Rack B",
        ),
        (f"device_id,name\nSHURE001,{'x' * 65}", 2, "The name has 65 characters; 64 are the most."),
        ('device_id,name\nSHURE001,"Lead\nVox"', 2, "control character"),
        ("device_id,colour\nSHURE001,red", 2, "Choose blue, violet, pink, white"),
        ("device_id,location\nSHURE001,attic", 2, "no location “attic”. Add it under Locations first"),
        ("device_id,group,slot\nSHURE001,drums,1", 2, "no group “drums”. Add it under Groups first"),
        ("device_id,group,slot\nSHURE001,,3", 2, "It gives a slot, but no group"),
        ("device_id,group,slot\nSHURE001,band,0", 2, "A slot is a whole number from 1 to 9999, not “0”."),
        ("device_id,group,slot\nSHURE001,band,1.5", 2, "not “1.5”"),
        (
            "device_id,group,slot\nSHURE002,band,1",
            2,
            "Slot 1 of band holds SHURE001 Lead, which the file leaves there.",
        ),
        (
            "device_id,group,slot\nSHURE002,choir,5\nSHURE001,choir,5",
            3,
            "Slot 5 of choir holds SHURE002, on line 2.",
        ),
        ("device_id,name\nSHURE001,a\nSHURE001,a", 3, "SHURE001 is on line 2 already."),
        (
            "device_id,name,group,slot\nSHURE001,a,band,1\nSHURE001,b,choir,3",
            3,
            "The name of SHURE001 is “b” here and “a” on line 2: make them the same.",
        ),
        (
            "device_id,location\nSHURE001,foyer\nSHURE001-2,main-a",
            3,
            "SHURE001 is in “main-a” here and in “foyer” on line 2",
        ),
    ],
)
def test_what_cannot_be_followed_is_told_line_by_line(text: str, line: int, sentence: str) -> None:
    refused = planned(text)

    assert refused.edits == ()
    assert [complaint.line for complaint in refused.complaints] == [line]
    assert sentence in refused.complaints[0].sentence


def test_one_line_that_is_wrong_does_not_make_others_wrong() -> None:
    refused = planned(f"device_id,name,group,slot\nSHURE001,{'x' * 65},band,2\nSHURE001-2,,band,1\n")

    assert refused.complaints == (Complaint(2, "The name has 65 characters; 64 are the most."),)


# Round trips

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=64).map(str.strip)
FORMULAS = st.text(st.sampled_from("='+-@ x"), max_size=6)


@given(FORMULAS)
def test_a_cell_that_was_made_harmless_comes_back_as_it_was(text: str) -> None:
    assert meant(str(harmless(text))) == text


@given(st.lists(NAMES | FORMULAS.map(str.strip), min_size=3, max_size=3))
def test_what_is_exported_changes_nothing_when_it_is_imported(names: list[str]) -> None:
    channels = [replace(channel, name=name) for channel, name in zip(HOUSE.channels, names, strict=True)]
    house = replace(HOUSE, channels=tuple(channels))

    sheet = read(written(house).encode())

    assert (sheet.columns, sheet.unused) == (frozenset(COLUMNS), ())
    assert plan(sheet, house) == Plan()


def test_what_is_exported_has_a_line_for_each_slot() -> None:
    lines: list[Mapping[str, str]] = [line.cells for line in read(written(HOUSE).encode()).lines]

    assert [(cells["device_id"], cells["group"], cells["slot"]) for cells in lines] == [
        ("SHURE001", "band", "1"),
        ("SHURE001-2", "band", "2"),
        ("SHURE001-2", "choir", "1"),
        ("SHURE002", "", ""),
    ]
