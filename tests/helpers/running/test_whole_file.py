"""A file written whole: all or nothing, its mode and a link kept, and nothing left beside it."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from helpers.running import whole_file
from helpers.running.whole_file import written_whole


def test_the_new_file_is_there_only_in_the_end(tmp_path):
    place = tmp_path / "marks.csv"
    place.write_text("old")
    with written_whole(place) as part:
        assert (part.parent, part.suffix) == (place.parent, ".csv")
        part.write_text("new")
        assert place.read_text() == "old"
    assert place.read_text() == "new" and list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_a_fault_the_old_file_stands_alone(tmp_path, fault):
    place = tmp_path / "marks.csv"
    place.write_text("old")
    with pytest.raises(fault), written_whole(place) as part:
        part.write_text("half")
        raise fault
    assert place.read_text() == "old" and list(tmp_path.iterdir()) == [place]


def test_a_place_that_cannot_be_leaves_nothing(tmp_path):
    with pytest.raises(OSError), written_whole(tmp_path / ("a" * 300)) as part:
        part.write_text("new")
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "nowhere" / "a.csv"):
        pytest.fail("there is no such folder")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    place = tmp_path / "marks.csv"
    place.write_text("old")
    code = (
        "import os, runpy, signal, sys\n"  # the file alone, which is quickly read
        "with runpy.run_path(sys.argv[1])['written_whole'](sys.argv[2]) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", code, whole_file.__file__, place])
    assert run.returncode == -signal.SIGKILL and place.read_text() == "old"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_a_file_keeps_its_mode(tmp_path, mode):
    place = tmp_path / "marks.csv"
    place.write_text("old")
    place.chmod(mode)
    with written_whole(place) as part:
        assert part.stat().st_mode & 0o077 == 0, "nobody else reads it before it is private"
        part.write_text("new")
    assert place.stat().st_mode & 0o777 == mode and place.read_text() == "new"


@pytest.mark.parametrize("umask, mode", [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_gets_what_the_umask_allows(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with written_whole(tmp_path / "new.csv") as part:
            part.write_text("new")
    finally:
        os.umask(before)
    assert (tmp_path / "new.csv").stat().st_mode & 0o777 == mode


def test_a_link_stays_one(tmp_path):
    (tmp_path / "there").mkdir()
    link, place = tmp_path / "link.csv", tmp_path / "there" / "table.csv"
    link.symlink_to(place)
    with written_whole(link) as part:
        assert part.parent == place.parent
        part.write_text("new")
    assert link.is_symlink() and place.read_text() == "new"


def test_two_writers_do_not_meet(tmp_path):
    """Each writes a file of its own; the one that ends last wins, whole."""
    place, ready = tmp_path / "marks.csv", threading.Barrier(2)

    def write(text):
        with written_whole(place) as part:
            part.write_text(text)
            ready.wait()

    writers = [threading.Thread(target=write, args=(letter * 1000,)) for letter in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert place.read_text() in ("a" * 1000, "b" * 1000) and list(tmp_path.iterdir()) == [place]
