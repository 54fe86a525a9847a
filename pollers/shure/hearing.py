"""What a receiver has said in a session so far, and whether that will do."""

from pollers.shure.families import SAMPLE, Family, Need
from pollers.shure.frames import Frame

Said = dict[tuple[int | None, str], str]


class Hearing:
    """Listens to one receiver of a family. `said` maps (channel or None, subject) to the value last told."""

    def __init__(self, family: Family) -> None:
        self.said: Said = {}
        self.refusals = 0
        self._family = family
        channels = range(1, family.channels + 1)
        needs = {
            (channel, subject): told.need for channel in channels for subject, told in family.subjects.items()
        } | {(None, subject): told.need for subject, told in family.device_subjects.items()}
        asked = {question.split()[-1] for question in (*family.questions, *family.channel_questions)}
        self._known = frozenset(needs)
        self._refusable = frozenset(place for place in needs if place[1] in asked)  # "ALL" is no subject
        self._required = {place for place, need in needs.items() if need is Need.REQUIRED}
        self._awaited = {place for place, need in needs.items() if need is Need.AWAITED}

    def hear(self, frame: Frame) -> bool:
        """Take a frame in. True when it told something for the first time."""
        if frame.kind == "REP" and frame.subject == "ERR":
            self.refusals += 1
            return True
        place = self._place(frame)
        if place not in self._known:
            return False
        new = place not in self.said
        self.said[place] = frame.value
        self._required.discard(place)
        self._awaited.discard(place)
        return new

    @property
    def sufficient(self) -> bool:
        """Whether everything was told without which there is no reading."""
        return not self._required

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to wait for: what was not told was asked for by name, and refused."""
        refused = self._awaited <= self._refusable and len(self._awaited) <= self.refusals
        return self.sufficient and refused

    def missing(self) -> list[str]:
        """Return what is required and was not told, as people read it."""
        return [f"{subject} of channel {channel}" for channel, subject in sorted(self._required, key=str)]

    def _place(self, frame: Frame) -> tuple[int | None, str]:
        subject = SAMPLE if frame.kind == "SAMPLE" else frame.subject
        # A receiver with one channel leaves its number out of some of its answers.
        alone = frame.channel is None and self._family.channels == 1 and subject in self._family.subjects
        return (1 if alone else frame.channel, subject)
