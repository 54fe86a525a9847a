"""Where a server's key is read from."""

import os
import time
from pathlib import Path

import pytest

from core.keys import LONGEST_KEY, KeyUnreadable, read_key


def test_a_key_is_read_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACK_KEY", " from-the-environment\n")
    (tmp_path / "key").write_text("from-a-file\n")

    assert read_key("env:RACK_KEY") == "from-the-environment"
    assert read_key(f"file:{tmp_path / 'key'}") == "from-a-file"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty: put the server's key into it."),
        (b" \n", "is empty: put the server's key into it."),
        (b"\xff\xfe", "cannot be read (it is no text)"),
        (b"x" * (LONGEST_KEY + 1), "cannot be read (it is too long for a key)"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_file_without_a_key_is_told_with_what_to_do(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(KeyUnreadable) as failure:
        read_key(f"file:{path}")

    assert f"The key file {path} {why}" in str(failure.value)


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    began = time.monotonic()

    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(KeyUnreadable):
            read_key(f"file:{path}")

    assert time.monotonic() - began < 5


def test_a_missing_variable_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RACK_KEY", raising=False)

    with pytest.raises(KeyUnreadable, match="Set the environment variable RACK_KEY"):
        read_key("env:RACK_KEY")
