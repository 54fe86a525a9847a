import stat
from pathlib import Path

import pytest

from deploy.datafolder import DataFolder
from deploy.program import CannotStart


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    data = DataFolder(tmp_path / "data")
    data.make()
    return data


def test_all_of_it_is_for_its_owner_alone(data: DataFolder) -> None:
    folders = [data.path, *data.path.iterdir()]

    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_folder_that_cannot_be_written_is_told_in_one_line() -> None:
    with pytest.raises(CannotStart, match=r"^Cannot write into /proc/1/x .*--data or MICBOARD_DATA\.$"):
        DataFolder(Path("/proc/1/x")).make()


def test_a_secret_is_drawn_once_and_readable_by_its_owner_alone(data: DataFolder) -> None:
    first = data.secret("password").read_text()
    other = data.secret("key").read_text()

    assert data.secret("password").read_text() == first != other
    assert len(first) >= 32
    assert stat.S_IMODE(data.secret("password").stat().st_mode) == 0o600


def test_sockets_lie_with_the_rest(data: DataFolder) -> None:
    assert data.sockets() == data.run


@pytest.mark.parametrize("name", ["x" * 100, "a folder with spaces", "bühne", "50%", "a?b#c"])
def test_sockets_that_no_address_could_name_lie_in_a_private_folder(tmp_path: Path, name: str) -> None:
    data = DataFolder(tmp_path / name)
    data.make()

    sockets = data.sockets()

    assert len(str(sockets)) < 80
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert data.sockets() == sockets, "the next run does not find it"
    sockets.rmdir()


@pytest.mark.parametrize("spoilt", ["removed", "opened"])
def test_a_private_folder_that_is_no_longer_private_is_replaced(tmp_path: Path, spoilt: str) -> None:
    data = DataFolder(tmp_path / "a folder with spaces")
    data.make()
    first = data.sockets()
    if spoilt == "removed":
        first.rmdir()
    else:
        first.chmod(0o755)

    second = data.sockets()

    assert second != first
    assert stat.S_IMODE(second.stat().st_mode) == 0o700
    for folder in {first, second}:
        if folder.exists():
            folder.rmdir()
