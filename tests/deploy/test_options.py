import socket
from dataclasses import replace
from pathlib import Path

import pytest

from deploy import ports
from deploy.__main__ import up_options
from deploy.datafolder import CHECKOUT, DataFolder
from deploy.options import Options

LAN = "192.0.2.7"


@pytest.fixture(autouse=True)
def _nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MICBOARD_PORT", "MICBOARD_BIND", "MICBOARD_DATA", "MICBOARD_FLOWER_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _machine_has_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "machine_addresses", lambda: [LAN])
    monkeypatch.setattr(socket, "gethostname", lambda: "stage")


PLAIN = Options(
    data=DataFolder(CHECKOUT / ".micboard"), bind="127.0.0.1", port=8000, flower_port=5555, demo=True
)


def test_nothing_chosen_is_this_machine_alone() -> None:
    assert up_options([]) == PLAIN


def test_what_is_chosen_by_options() -> None:
    arguments = ["--no-demo", "--port", "80", "--bind", "0.0.0.0", "--data", "/var/lib/micboard"]

    assert up_options(arguments) == replace(
        PLAIN, demo=False, port=80, bind="0.0.0.0", data=DataFolder(Path("/var/lib/micboard"))
    )


def test_what_is_chosen_by_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICBOARD_PORT", "81")
    monkeypatch.setenv("MICBOARD_BIND", LAN)
    monkeypatch.setenv("MICBOARD_DATA", "/srv/micboard")
    monkeypatch.setenv("MICBOARD_FLOWER_PORT", "5556")

    chosen = up_options([])

    assert chosen == replace(
        PLAIN, port=81, bind=LAN, data=DataFolder(Path("/srv/micboard")), flower_port=5556
    )


def test_an_option_outdoes_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICBOARD_PORT", "81")

    assert up_options(["--port", "82"]).port == 82


def test_a_relative_folder_is_that_of_the_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert up_options(["--data", "mine"]).data.path == tmp_path / "mine"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "http"], "argument --port: 'http' is no port: 1 to 65535"),
        (["--port", "65536"], "argument --port: '65536' is no port: 1 to 65535"),
        (["--bind", "stage"], "argument --bind: 'stage' is no IPv4 address"),
    ],
)
def test_what_cannot_be_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        up_options(arguments)

    assert capsys.readouterr().err.endswith(f"error: {sentence}\n")


@pytest.mark.parametrize(
    ("bind", "people_use", "machine_uses", "allowed", "trusted"),
    [
        ("127.0.0.1", ["127.0.0.1"], "127.0.0.1", "", "http://127.0.0.1:8000"),
        (LAN, [LAN], LAN, f",{LAN},stage", f"http://{LAN}:8000,http://stage:8000"),
        (
            *("0.0.0.0", ["127.0.0.1", LAN], "127.0.0.1", f",{LAN},stage"),
            f"http://127.0.0.1:8000,http://{LAN}:8000,http://stage:8000",
        ),
    ],
)
def test_an_address_is_allowed_to_those_who_reach_it(
    bind: str, *, people_use: list[str], machine_uses: str, allowed: str, trusted: str
) -> None:
    options = replace(PLAIN, bind=bind)

    environment = options.environment({})

    assert (options.hosts, options.local_host) == (people_use, machine_uses)
    assert environment["MICBOARD_ALLOWED_HOSTS"] == f"localhost,127.0.0.1,[::1]{allowed}"
    assert environment["MICBOARD_TRUSTED_ORIGINS"] == trusted


def test_what_was_given_stays_beside_what_is_added() -> None:
    given = {"MICBOARD_ALLOWED_HOSTS": "micboard.example", "PATH": "/bin"}

    environment = PLAIN.environment(given)

    assert environment["MICBOARD_ALLOWED_HOSTS"] == "micboard.example,localhost,127.0.0.1,[::1]"
    assert environment["PATH"].endswith(":/bin")
