"""Channels as a spreadsheet has them: what a file says of them, and what it would change. Pure.

A line is about one channel, and one that stands in several groups has a line for each. A column that is not there
says nothing. One that is there says all: an empty name takes the name back, and the groups of a channel become those
of its lines.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from unicodedata import category

from core.domain import slots
from core.domain.cells import harmless, meant
from core.domain.colours import Colour
from core.domain.slots import LAST_SLOT
from core.domain.state import LONGEST_ALIAS

LARGEST = 2**20  # bytes
MOST_LINES = 5000

WHO = ("device_id", "receiver", "channel")
SAYS = ("name", "colour", "location", "group", "slot")
FOR_READING = ("model", "reported_name")
COLUMNS = (*WHO, *FOR_READING, *SAYS)
_ALSO = {"device": "device_id", "alias": "name", "color": "colour"}

_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_WORKBOOK = b"PK\x03\x04"
_SEPARATORS = ",;\t"


class Unreadable(ValueError):
    """The file is none that could be read: the sentence says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the file, counted as a spreadsheet counts: the header is 1."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    columns: frozenset[str]
    lines: tuple[Line, ...]
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A channel as it is. `location` is its receiver's own; `slots` are its numbers by group."""

    device_id: str
    receiver: str
    number: int
    receiver_name: str = ""
    model: str = ""
    reported_name: str = ""
    name: str = ""
    colour: str | None = None
    location: str | None = None
    slots: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that a file can be about: its channels, and the titles of locations and groups by their slugs."""

    channels: tuple[Standing, ...]
    locations: Mapping[str, str]
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A value that would change. A location is that of the channel's receiver; None is none."""

    line: int
    device_id: str
    what: str
    before: str | int | None
    after: str | int | None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a line cannot be followed, and what to do about it."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a file would change. Nothing of it is to be done while there are complaints."""

    edits: tuple[Edit, ...] = ()
    complaints: tuple[Complaint, ...] = ()


def in_words(edit: Edit) -> str:
    """Return an edit as a log tells it, such as "name “Lead” → “Pastor”"."""
    what = f"slot of {edit.group}" if edit.group else edit.what
    before, after = (
        f"“{value}”" if isinstance(value, str) and value else "none" if value in {None, ""} else str(value)
        for value in (edit.before, edit.after)
    )
    return f"{what} {before} → {after}"


# Reading and writing


def read(data: bytes) -> Sheet:
    """Return what a file says, separated as its first line is. Raises `Unreadable`."""
    if len(data) > LARGEST:
        raise Unreadable("It is larger than 1 MiB. A line a channel is far less: is it the right file?")
    if data.startswith(_WORKBOOK):
        raise Unreadable("It is a workbook. Save it as CSV (in Excel: “CSV UTF-8”), and choose that file.")
    text = _decoded(data)
    if not text.strip():
        raise Unreadable("It is empty. “Export CSV” gives you one with all channels to start from.")
    first = text.lstrip("\r\n").partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=first.count), strict=True)
    try:
        numbered = [(number, row) for number, row in enumerate(rows, start=1) if any(map(str.strip, row))]
    except csv.Error as error:
        raise Unreadable(
            f"Line {rows.line_num} cannot be read ({error}). Is a quotation mark missing?"
        ) from error
    (_, header), *rest = numbered
    columns, unused = _columns(header)
    if not rest:
        raise Unreadable("It has a first line and no channels below it.")
    if len(rest) > MOST_LINES:
        raise Unreadable(f"It has {len(rest):,} lines; {MOST_LINES:,} are the most. Import it in parts.")
    lines = (
        Line(
            number=number,
            cells={name: meant(row[at].strip()) if at < len(row) else "" for name, at in columns.items()},
        )
        for number, row in rest
    )
    return Sheet(columns=frozenset(columns), lines=tuple(lines), unused=unused)


def written(house: House) -> str:
    """Return all channels as a file that says what is there already: a line for each slot, or one without."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(COLUMNS)
    for channel in house.channels:
        who = (channel.device_id, channel.receiver, channel.number, channel.model, channel.reported_name)
        says = (channel.name, channel.colour, channel.location)
        of_groups: list[tuple[str | None, int | None]] = [*sorted(channel.slots.items())]
        for group, slot in of_groups or [(None, None)]:
            sheet.writerow([harmless(cell) for cell in (*who, *says, group, slot)])
    return out.getvalue()


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("It is not UTF-8. Save it as “CSV UTF-8”, and choose that file.") from error
    if "\0" in text:
        raise Unreadable("It is no text. Save the table as “CSV UTF-8”, and choose that file.")
    return text


def _columns(header: Iterable[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return where each known column is, and those that nothing is known of. Raises `Unreadable`."""
    columns: dict[str, int] = {}
    unused = []
    for at, told in enumerate(map(str.strip, header)):
        plain = re.sub(r"[\s_-]+", "_", told.casefold())
        name = _ALSO.get(plain, plain)
        if name in columns:
            raise Unreadable(f"Its first line has the column {name} twice: leave one.")
        if name in COLUMNS:
            columns[name] = at
        elif told:
            unused.append(told)
    if "device_id" not in columns and not {"receiver", "channel"} <= columns.keys():
        raise Unreadable(
            "Its first line has to name the columns, among them device_id, or receiver and channel. “Export CSV” "
            "gives you a file that does."
        )
    if not columns.keys() & set(SAYS):
        raise Unreadable(f"No column says anything of the channels: name some of {', '.join(SAYS)}.")
    if ("group" in columns) != ("slot" in columns):
        raise Unreadable("The columns group and slot go together: add the other one.")
    return columns, tuple(unused)


# Planning


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a line says of its channel, once it is understood."""

    line: int
    name: str
    colour: str | None
    location: str | None
    group: str | None
    slot: int | None


def plan(sheet: Sheet, house: House) -> Plan:
    """Return what the file would change of the house, and whatever stands against it, in the order of its lines."""
    planning = _Planning(sheet, house)
    edits = tuple(sorted(planning.edits(), key=lambda edit: edit.line))
    complaints = tuple(sorted(planning.complaints, key=lambda complaint: complaint.line))
    return Plan(edits=() if complaints else edits, complaints=complaints)


class _Planning:
    """One file against one house, gathering complaints on the way."""

    def __init__(self, sheet: Sheet, house: House) -> None:
        self.columns = sheet.columns
        self.channels = {channel.device_id: channel for channel in house.channels}
        self.complaints: list[Complaint] = []
        self._find = _finder(house.channels)
        self._locations, self._groups = _by_any_name(house.locations), _by_any_name(house.groups)
        self._meant: set[str] = set()
        self._wishes: dict[str, list[_Wish]] = {}
        for line in sheet.lines:
            self._understand(line)

    def edits(self) -> Iterator[Edit]:
        for device_id, wishes in self._wishes.items():
            channel, first = self.channels[device_id], wishes[0]
            if "name" in self.columns:
                yield from _edit(first.line, device_id, "name", channel.name, first.name)
            if "colour" in self.columns:
                yield from _edit(first.line, device_id, "colour", channel.colour, first.colour)
        if "location" in self.columns:
            yield from self._places()
        if "group" in self.columns:
            yield from self._slots()

    # A line

    def _understand(self, line: Line) -> None:
        try:
            channel = self._find(line.cells)
            self._meant.add(channel.device_id)
            wish = self._wish(line)
            self._agrees(channel, wish)
        except _Refused as refused:
            self.complaints.append(Complaint(line.number, str(refused)))
        else:
            self._wishes.setdefault(channel.device_id, []).append(wish)

    def _wish(self, line: Line) -> _Wish:
        cells = line.cells
        return _Wish(
            line=line.number,
            name=_name(cells.get("name", "")),
            colour=_colour(cells.get("colour", "")),
            location=_place(cells.get("location", ""), self._locations, "location"),
            group=_place(cells.get("group", ""), self._groups, "group"),
            slot=_slot(cells.get("slot", ""), cells.get("group", "")),
        )

    def _agrees(self, channel: Standing, wish: _Wish) -> None:
        """Refuse a line that says of its channel what another one denies."""
        for other in self._wishes.get(channel.device_id, ()):
            if wish.group is None or other.group in {None, wish.group}:
                raise _Refused(
                    f"{channel.device_id} is on line {other.line} already. Leave one, or give each another group."
                )
            for what in ("name", "colour"):
                here, there = getattr(wish, what), getattr(other, what)
                if here != there:
                    raise _Refused(
                        f"The {what} of {channel.device_id} is {_quoted(here)} here and {_quoted(there)} on line "
                        f"{other.line}: make them the same."
                    )

    # All lines together

    def _places(self) -> Iterator[Edit]:
        """A location is a receiver's: all its channels have to say the same."""
        said: dict[str, _Wish] = {}
        for device_id, wish in self._in_order():
            channel = self.channels[device_id]
            before = said.setdefault(channel.receiver, wish)
            if before is wish:
                yield from _edit(wish.line, device_id, "location", channel.location, wish.location)
            elif before.location != wish.location:
                self._complain(
                    wish.line,
                    f"{channel.receiver} is in {_quoted(wish.location)} here and in {_quoted(before.location)} on line "
                    f"{before.line}: all channels of a receiver are in one place.",
                )

    def _slots(self) -> Iterator[Edit]:
        wishes: dict[str, dict[str, _Wish]] = {}
        for device_id, wish in self._in_order():
            if wish.group is not None:
                wishes.setdefault(wish.group, {})[device_id] = wish
        for group, of_group in wishes.items():
            yield from self._slots_of(group, of_group)
        for device_id, lines in self._wishes.items():
            for group, number in self.channels[device_id].slots.items():
                if device_id not in wishes.get(group, ()):
                    yield Edit(
                        line=lines[0].line,
                        device_id=device_id,
                        what="slot",
                        before=number,
                        after=None,
                        group=group,
                    )

    def _slots_of(self, group: str, wishes: Mapping[str, _Wish]) -> Iterator[Edit]:
        standing = {
            device_id: channel.slots[group]
            for device_id, channel in self.channels.items()
            if group in channel.slots and device_id not in self._meant
        }
        asked = {
            device_id: self.channels[device_id].slots.get(group) if wish.slot is None else wish.slot
            for device_id, wish in wishes.items()
        }
        placed = slots.numbered(asked, last=max(standing.values(), default=0))
        for device_id, holder in slots.clashes(placed, standing).items():
            line = wishes[device_id].line
            there = (
                f", on line {wishes[holder].line}" if holder in wishes else ", which the file leaves there"
            )
            self._complain(
                line,
                f"Slot {placed[device_id]} of {group} holds {_called(self.channels[holder])}{there}. "
                "Give one of them another number.",
            )
        for device_id, wish in wishes.items():
            before = self.channels[device_id].slots.get(group)
            yield from _edit(wish.line, device_id, "slot", before, placed[device_id], group=group)

    def _in_order(self) -> Iterator[tuple[str, _Wish]]:
        said = ((device_id, wish) for device_id, wishes in self._wishes.items() for wish in wishes)
        yield from sorted(said, key=lambda each: each[1].line)

    def _complain(self, line: int, sentence: str) -> None:
        self.complaints.append(Complaint(line, sentence))


class _Refused(ValueError):
    """A line that cannot be followed."""


def _finder(channels: Iterable[Standing]) -> Callable[[Mapping[str, str]], Standing]:
    """Return what finds the channel that a line is about: by its id, by its receiver and number, or by both."""
    by_id = {channel.device_id.casefold(): channel for channel in channels}
    by_place = {(channel.receiver.casefold(), channel.number): channel for channel in by_id.values()}
    named: dict[str, set[str]] = {}
    for channel in by_id.values():
        named.setdefault(channel.receiver_name.casefold(), set()).add(channel.receiver.casefold())

    def of_place(receiver: str, number: str) -> Standing | None:
        codes = named.get(receiver.casefold(), set()) if receiver else set()
        code = next(iter(codes)) if len(codes) == 1 else receiver.casefold()
        return by_place.get((code, int(number))) if _is_count(number) else None

    def find(cells: Mapping[str, str]) -> Standing:
        device_id, receiver, number = (cells.get(name, "") for name in WHO)
        channel = by_id.get(device_id.casefold()) if device_id else of_place(receiver, number)
        if not device_id and not (receiver and number):
            raise _Refused("Say which channel this is: its device_id, or its receiver and channel.")
        if channel is None:
            asked = device_id or f"{number} of the receiver {receiver}"
            raise _Refused(
                f"There is no channel {asked}. “Export CSV” lists them all; those of a new receiver are there once its "
                "server lists it."
            )
        if device_id and receiver and number and of_place(receiver, number) != channel:
            raise _Refused(
                f"{channel.device_id} is channel {channel.number} of {channel.receiver}, not channel {number} of "
                f"{receiver}: correct one, or leave it empty."
            )
        return channel

    return find


def _by_any_name(places: Mapping[str, str]) -> dict[str, str]:
    """Return the slugs of places by slug, and by title where one alone has it, in small letters."""
    titles = [title.casefold() for title in places.values()]
    by_title = {
        title.casefold(): slug for slug, title in places.items() if titles.count(title.casefold()) == 1
    }
    return {**by_title, **{slug.casefold(): slug for slug in places}}


def _name(text: str) -> str:
    if len(text) > LONGEST_ALIAS:
        raise _Refused(f"The name has {len(text)} characters; {LONGEST_ALIAS} are the most.")
    if any(category(character) == "Cc" for character in text):
        raise _Refused("The name has a line break or another control character: write it on one line.")
    return text


def _colour(text: str) -> str | None:
    if text and text.casefold() not in list(Colour):
        raise _Refused(
            f"There is no colour {_quoted(text)}. Choose {', '.join(Colour)}, or leave it empty: the others are those "
            "of the states."
        )
    return text.casefold() or None


def _place(text: str, places: Mapping[str, str], what: str) -> str | None:
    if text and text.casefold() not in places:
        raise _Refused(
            f"There is no {what} {_quoted(text)}. Add it under {what.title()}s first, or correct it here."
        )
    return places[text.casefold()] if text else None


def _slot(text: str, group: str) -> int | None:
    if not text:
        return None
    if not group:
        raise _Refused("It gives a slot, but no group: say of which.")
    if not _is_count(text) or int(text) > LAST_SLOT:
        raise _Refused(f"A slot is a whole number from 1 to {LAST_SLOT}, not {_quoted(text)}.")
    return int(text)


def _is_count(text: str) -> bool:
    return re.fullmatch(r"0*[1-9][0-9]{0,5}", text) is not None


def _edit(line: int, device_id: str, what: str, *values: str | int | None, group: str = "") -> Iterator[Edit]:
    before, after = values
    if before != after:
        yield Edit(line=line, device_id=device_id, what=what, before=before, after=after, group=group)


def _quoted(text: str | None) -> str:
    return f"“{text}”" if text else "empty"


def _called(channel: Standing) -> str:
    return f"{channel.device_id} {channel.name}".strip()
