"""The commands, as a person or a script runs them: on a terminal, in a pipe, with what may go wrong."""

import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from io import StringIO
from pathlib import Path
from signal import SIGINT
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from core import claims
from core.models import Channel, Claim, Location, Receiver, Server
from pollers.inventory import take
from pollers.poll import poll
from pollers.registration import fingerprint, spaced
from pollers.simulator import Simulator
from tests.fleet import make_server
from tests.pollers.watching import claim, register
from tests.processes import environment

pytestmark = pytest.mark.usefixtures("committed")

MANAGE = (sys.executable, "manage.py")


@pytest.fixture
def key_file(tmp_path: Path, rack: Simulator) -> Path:
    path = tmp_path / "api-key"
    path.write_text(rack.api_key)
    return path


@pytest.fixture
def server(rack: Simulator, tmp_path: Path) -> Server:
    server = register(rack, tmp_path / "api-key")
    take(server)
    return server


def said(*words: Any, **options: Any) -> str:
    """Run a command, and return what it puts out."""
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def table(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


# poll_devices -----------------------------------------------------------------------------------------


def test_each_receiver_is_polled_and_told_in_a_line_of_its_own(server: Server) -> None:
    rows = table(said("poll_devices", "--manufacturer", "shure"))

    codes = dict(server.receivers.values_list("code", "model"))
    assert {row[0]: (row[2], row[3]) for row in rows} == {
        code: (model, "ok") for code, model in codes.items()
    }
    assert all(re.fullmatch(r"\d+\.\d\d s", row[4]) for row in rows)
    assert set(Claim.objects.values_list("claim_seq", flat=True)) == {1}
    assert not Channel.objects.filter(record__recorded__reasons__contains="unread").exists()


@pytest.mark.parametrize(
    ("options", "models"),
    [
        (["--server", "main"], ["AD4D", "ULXD4Q"]),
        (["--model", "ulxd4q"], ["ULXD4Q"]),
        (["--location", "hall"], ["AD4D"]),
        (["--device", "Pastor"], ["ULXD4Q"]),
        (["--device", "{code}-2"], ["ULXD4Q"]),
        (["--device", "{code}", "--model", "ULXD4Q"], ["ULXD4Q"]),
    ],
)
def test_only_what_is_asked_for_is_polled(server: Server, options: list[str], models: list[str]) -> None:
    ulxd = server.receivers.get(model="ULXD4Q")
    Channel.objects.filter(receiver=ulxd, number=3).update(alias="Pastor")
    hall = Location.objects.create(slug="hall", title="Hall")
    server.receivers.filter(model="AD4D").update(location=hall)

    rows = table(said("poll_devices", *(option.format(code=ulxd.code) for option in options)))

    assert sorted(row[2] for row in rows) == models


def test_a_receiver_that_fails_is_told_with_the_next_step_and_the_exit_code(
    server: Server, rack: Simulator
) -> None:
    rack.patch(rack.source_ids[0], listening=False)
    out = StringIO()

    with pytest.raises(CommandError, match="Not every receiver answered"):
        call_command("poll_devices", stdout=out, stderr=StringIO())

    rows = {row[2]: row for row in table(out.getvalue())}
    assert (rows["AD4D"][3], rows["ULXD4Q"][3]) == ("ok", "failed")
    assert "refuses connections: check that this is the receiver's address" in rows["ULXD4Q"][5]
    del server


def test_a_receiver_that_somebody_else_polls_is_left_to_them(server: Server, rack: Simulator) -> None:
    held = server.receivers.get(model="AD4D")
    claim(held)
    rack.reset_counts()

    rows = {row[2]: row[3] for row in table(said("poll_devices"))}

    assert rows == {"AD4D": "busy", "ULXD4Q": "ok"}
    assert rack.counts().sessions(held.source_id).opened == 0


def test_polled_again_and_again_until_told_to_stop(server: Server, rack: Simulator) -> None:
    del server
    rack.reset_counts()
    with subprocess.Popen(
        [*MANAGE, "poll_devices", "--continuous", "--interval", "1"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        process.send_signal(SIGINT)
        _, errors = process.communicate(timeout=20)

    assert process.returncode == 0
    assert all("\tok\t" in line for line in lines)
    assert "2 receivers in" in errors
    assert max(rack.counts().sessions(source_id).most_open for source_id in rack.source_ids) == 1


def test_beside_others_no_receiver_is_ever_asked_twice_at_once(server: Server, rack: Simulator) -> None:
    """Two of the command and a beat's claims, all at the same receivers."""
    Receiver.objects.update(interval_s=1)
    rack.reset_counts()
    deadline = time.monotonic() + 60

    def opened() -> int:
        counts = rack.counts()
        return min(counts.sessions(one.source_id).opened for one in server.receivers.all())

    with ExitStack() as stack:
        for _ in range(2):
            command = subprocess.Popen(
                [*MANAGE, "poll_devices", "--continuous", "--interval", "1"],
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(command.wait)
            stack.callback(command.terminate)
        while opened() < 10 and time.monotonic() < deadline:
            for due in claims.claim_due(100)[0]:
                poll(device_id=due.receiver_id, claim_seq=due.claim_seq)

    counts = rack.counts()
    assert [counts.sessions(one.source_id).most_open for one in server.receivers.all()] == [1, 1]
    assert opened() >= 10


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--interval", "0.5", "--continuous"], "--interval has to be 1 s or more."),
        (["--manufacturer", "sennheiser"], "No enabled receiver fits."),
    ],
)
def test_what_cannot_be_polled_is_told(server: Server, words: list[str], sentence: str) -> None:
    del server
    with pytest.raises(CommandError, match=re.escape(sentence)):
        said("poll_devices", *words)


# add_server -------------------------------------------------------------------------------------------


def test_a_server_is_added_by_its_fingerprint_and_what_it_has_is_told(
    rack: Simulator, key_file: Path
) -> None:
    demo = make_server("demo")
    written = spaced(rack.fingerprint)

    rows = table(
        said(
            "add_server",
            rack.url.removeprefix("https://"),
            "--key-file",
            str(key_file),
            "--fingerprint",
            written,
        )
    )

    assert rows == [
        ["main", "2 devices", "2 new, 0 changed, 0 missing"],
        ["main", "AD4D", "1"],
        ["main", "ULXD4Q", "1"],
    ]
    server = Server.objects.get(name="main")
    assert (server.url, server.pins, server.key_reference) == (
        rack.url,
        [rack.fingerprint],
        f"file:{key_file}",
    )
    demo.refresh_from_db()
    assert demo.enabled is False


def test_a_server_that_is_there_takes_the_certificate_that_is_confirmed_now(
    rack: Simulator, key_file: Path
) -> None:
    words = ("add_server", rack.url, "--key-file", str(key_file), "--fingerprint")
    said(*words, rack.fingerprint)
    Server.objects.update(pins=["0" * 64], enabled=False)

    said(*words, rack.fingerprint)

    server = Server.objects.get()
    assert (server.pins, server.enabled, server.receivers.count()) == ([rack.fingerprint], True, 2)
    with pytest.raises(CommandError, match="is there already, under the name main"):
        said(*words, rack.fingerprint, "--name", "other")


def test_a_second_server_is_called_after_its_host(rack: Simulator, key_file: Path) -> None:
    make_server("main")

    said("add_server", rack.url, "--key-file", str(key_file), "--fingerprint", rack.fingerprint)

    assert set(Server.objects.values_list("name", flat=True)) == {"main", "127-0-0-1"}


def test_a_server_is_added_by_a_ca_file_and_a_key_from_the_environment(
    rack: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACK_KEY", rack.api_key)

    said(
        "add_server", rack.url, "--key-env", "RACK_KEY", "--ca-file", str(rack.certificate), "--name", "house"
    )

    server = Server.objects.get()
    assert (server.name, server.ca_file, server.pins) == ("house", str(rack.certificate), [])
    assert server.receivers.count() == 2


class Terminal:
    """A command on a terminal of its own, as a person sits before it."""

    def __init__(self, *words: str) -> None:
        self._own, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [*MANAGE, *words], env=environment(), stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
        )
        os.close(theirs)
        self.shown = ""

    def until(self, words: str) -> None:
        while words not in self.shown:
            self._read()

    def type(self, line: str) -> None:
        os.write(self._own, f"{line}\n".encode())

    def end(self) -> int:
        with suppress(OSError):  # a terminal whose last program has gone
            while True:
                self._read()
        os.close(self._own)
        return self._process.wait(20)

    def _read(self) -> None:
        piece = os.read(self._own, 65536)
        assert piece, self.shown
        self.shown += piece.decode()


Ask = Callable[..., Terminal]


@pytest.fixture
def ask(rack: Simulator, key_file: Path) -> Ask:
    return lambda *words: Terminal("add_server", rack.url, "--key-file", str(key_file), *words)


def test_with_neither_the_fingerprint_is_shown_and_asked_for_before_the_key_is_sent(
    rack: Simulator, ask: Ask
) -> None:
    terminal = ask()
    terminal.until("Is it the same? [y/N] ")
    assert spaced(rack.fingerprint) in terminal.shown
    assert rack.counts().requests == {}

    terminal.type("y")

    assert terminal.end() == 0
    assert "Added main." in terminal.shown
    assert Server.objects.get().pins == [rack.fingerprint]


def test_a_fingerprint_that_is_not_confirmed_adds_nothing(rack: Simulator, ask: Ask) -> None:
    terminal = ask()
    terminal.until("Is it the same? [y/N] ")
    terminal.type("")

    assert terminal.end() == 1
    assert "Nothing was added." in terminal.shown
    assert not Server.objects.exists()
    assert rack.counts().requests == {}


def test_without_a_terminal_it_says_how_to_confirm(rack: Simulator, key_file: Path) -> None:
    ran = subprocess.run(
        [*MANAGE, "add_server", rack.url, "--key-file", str(key_file)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert f"run this again with --fingerprint {rack.fingerprint}" in ran.stderr
    assert not Server.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"key": "of-last-year"}, "does not accept the key: enter the one that it has now."),
        ({"fingerprint": "0" * 64}, "shows another certificate than the one that was confirmed"),
        ({"fingerprint": "0" * 63}, "64 hexadecimal digits, with or without colons."),
        ({"url": "https://127.0.0.1:1"}, "refuses connections"),
        ({"url": "http://127.0.0.1:1"}, "Write the address as https://HOST:PORT and no more."),
        ({"location": "nowhere"}, "There is no location nowhere: add it in the admin first"),
        ({"key_file": "/nowhere/key"}, "The key file /nowhere/key cannot be read"),
    ],
)
def test_a_server_that_cannot_be_asked_is_not_kept(
    rack: Simulator, key_file: Path, change: dict[str, str], sentence: str
) -> None:
    key_file.write_text(change.get("key", rack.api_key))
    words = [change.get("url", rack.url), "--key-file", change.get("key_file", str(key_file))]
    words += ["--fingerprint", change.get("fingerprint", rack.fingerprint)]
    words += ["--location", change["location"]] if "location" in change else []

    with pytest.raises(CommandError) as failure:
        said("add_server", *words)

    assert sentence in str(failure.value)
    assert not Server.objects.exists()


@pytest.mark.parametrize("written", ["AB:CD:ef", "abcdef", "SHA256:ab cd ef", " ab-cd-EF\n"])
def test_a_fingerprint_is_read_in_any_notation(written: str) -> None:
    assert fingerprint(written) == "abcdef"


# sync_inventory, discovery_ips ------------------------------------------------------------------------


def test_the_inventory_is_taken_now(server: Server, rack: Simulator) -> None:
    rack.add("AD4D")

    assert table(said("sync_inventory")) == [
        ["main", "3 devices", "1 new, 0 changed, 0 missing"],
        ["main", "AD4D", "2"],
        ["main", "ULXD4Q", "1"],
    ]
    assert server.receivers.count() == 3


def test_one_server_that_does_not_answer_holds_no_other_up(server: Server) -> None:
    broken = Server.objects.create(
        name="attic", url="https://127.0.0.1:1", key_reference=server.key_reference
    )
    out = StringIO()

    with pytest.raises(CommandError, match="1 of 2 servers did not answer"):
        call_command("sync_inventory", stdout=out)

    rows = table(out.getvalue())
    assert rows[0][:2] == ["attic", "no answer"]
    assert "refuses connections" in rows[0][2]
    assert rows[1][0] == "main"

    assert said("sync_inventory", "--server", "main").startswith("main\t2 devices")
    broken.refresh_from_db()
    assert broken.health.failures == 1


def test_without_a_server_the_next_step_is_told() -> None:
    with pytest.raises(CommandError, match=r"`manage\.py add_server --help`"):
        said("sync_inventory")


def test_discovery_addresses_are_listed_added_and_removed_and_none_is_lost(
    server: Server, rack: Simulator
) -> None:
    del server
    rack.on_stage(lambda stage: stage.system_api.discovery_ips.append("172.21.1.100"))

    assert said("discovery_ips", "list") == "172.21.1.100\n"
    assert said("discovery_ips", "add", "172.21.1.101", "172.21.1.100") == "172.21.1.100\n172.21.1.101\n"
    assert said("discovery_ips", "remove", "172.21.1.100", "10.0.0.1") == "172.21.1.101\n"
    assert said("discovery_ips", "list", "--server", "main") == "172.21.1.101\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add"], "Say which addresses to add."),
        (["list", "10.0.0.1"], "list takes no addresses."),
        (["add", "rack-1"], "rack-1 is no IP address."),
        (["list", "--server", "attic"], "No enabled server fits."),
    ],
)
def test_what_makes_no_sense_to_discovery_is_told(server: Server, words: list[str], sentence: str) -> None:
    del server
    with pytest.raises(CommandError, match=re.escape(sentence)):
        said("discovery_ips", *words)


def test_with_several_servers_discovery_wants_to_know_which(server: Server) -> None:
    del server
    make_server("attic")

    with pytest.raises(CommandError, match="say --server with one of attic, main"):
        said("discovery_ips", "list")


@pytest.mark.parametrize("command", ["poll_devices", "add_server", "sync_inventory", "discovery_ips"])
def test_every_command_explains_itself(command: str) -> None:
    ran = subprocess.run(
        [*MANAGE, command, "--help"], env=environment(), capture_output=True, text=True, check=True
    )

    assert ran.stdout.startswith("usage:")
    assert len(ran.stdout.split("\n\n")) >= 3
