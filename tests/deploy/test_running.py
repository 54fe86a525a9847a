import os
import stat
import subprocess
from pathlib import Path

from deploy import running
from deploy.running import Run, RunLock


def test_one_holds_the_lock_at_a_time(tmp_path: Path) -> None:
    first, second = RunLock(tmp_path), RunLock(tmp_path)

    assert [first.take(), second.take()] == [True, False]
    first.close()
    assert second.take()
    second.close()


def test_the_lock_is_free_only_when_the_last_process_of_the_run_is_gone(tmp_path: Path) -> None:
    mine, others = RunLock(tmp_path), RunLock(tmp_path)
    mine.take()
    with subprocess.Popen(("/bin/sleep", "60"), pass_fds=(mine.descriptor,)) as left_behind:
        mine.close()

        held = not others.take()
        left_behind.kill()

    assert held
    assert others.take()
    others.close()


def test_a_run_is_known_while_both_of_its_processes_live(tmp_path: Path) -> None:
    run = Run.of_this_process("http://127.0.0.1:8000/")
    running.record(tmp_path, run)

    assert running.recorded(tmp_path) == run
    assert (run.pid, run.supervisor_pid) == (os.getppid(), os.getpid())


def test_a_run_is_no_longer_known_when_one_of_its_processes_has_ended(tmp_path: Path) -> None:
    with subprocess.Popen(("/bin/sleep", "60")) as outer:
        running.record(tmp_path, Run(pid=outer.pid, supervisor_pid=os.getpid(), address=""))
        outer.kill()
        os.waitid(os.P_PID, outer.pid, os.WEXITED | os.WNOWAIT)

        as_a_zombie = running.recorded(tmp_path)

    assert as_a_zombie is None
    assert running.recorded(tmp_path) is None


def test_what_a_run_publishes_is_for_its_owner_alone_and_goes_with_it(tmp_path: Path) -> None:
    running.record(tmp_path, Run.of_this_process(""))
    running.publish(tmp_path, {"DATABASE_URL": "postgres://a:secret@b/c"})
    files = sorted(tmp_path.iterdir())

    assert [(file.name, stat.S_IMODE(file.stat().st_mode)) for file in files] == [
        ("runner.json", 0o600),
        ("services.json", 0o600),
    ]
    running.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []
