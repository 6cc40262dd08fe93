"""A file is written whole or not at all."""

import errno
import os
import stat
from contextlib import nullcontext

import pytest

from segnet_np.files import previous_of, whole_file


def test_a_new_file_and_its_folder(tmp_path):
    path = tmp_path / "new" / "deeper" / "notes.txt"
    with whole_file(path) as temporary:
        assert temporary.suffix == ".txt"
        assert temporary.parent == path.parent
        temporary.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert os.listdir(path.parent) == ["notes.txt"]


def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    (tmp_path / "ordinary").write_text("")
    with whole_file(tmp_path / "ours") as temporary:
        temporary.write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    with whole_file(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_is_no_file_is_left_alone(tmp_path):
    def write():
        with whole_file(tmp_path) as temporary:
            temporary.write_text("")

    with pytest.raises(OSError, match="not an ordinary file"):
        write()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "notes.txt"
    path.write_text("old")

    def write():
        with whole_file(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["notes.txt"]


def write(path, text, **options):
    with whole_file(path, **options) as temporary:
        temporary.write_text(text)


def test_the_file_before_is_kept_when_asked(tmp_path):
    path = tmp_path / "notes.txt"
    for text in ("one", "two", "three"):
        write(path, text, keep_previous=True)
    assert path.read_text() == "three"
    assert previous_of(path) == tmp_path / "notes-previous.txt"
    assert previous_of(path).read_text() == "two"
    write(path, "four")
    assert previous_of(path).read_text() == "two"
    assert sorted(os.listdir(tmp_path)) == ["notes-previous.txt", "notes.txt"]


def test_the_file_before_is_kept_beside_what_a_link_points_to(tmp_path):
    (tmp_path / "disk").mkdir()
    target, link = tmp_path / "disk" / "target.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    for text in ("one", "two"):
        write(link, text, keep_previous=True)
    assert link.is_symlink()
    assert (target.read_text(), previous_of(link).read_text()) == ("two", "one")
    assert previous_of(link) == tmp_path / "disk" / "target-previous.txt"


def test_file_and_folder_are_flushed_before_and_after_the_renaming(tmp_path, monkeypatch):
    real_fsync, real_replace, happened = os.fsync, os.replace, []

    def fsync(handle):
        happened.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        real_fsync(handle)

    def replace(*names):
        happened.append("renamed")
        real_replace(*names)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write(tmp_path / "notes.txt", "one")
    assert happened == ["file", "renamed", "folder"]


@pytest.mark.parametrize(("number", "passes"), [("EINVAL", True), ("ENOTSUP", True), ("EIO", False)])
def test_folders_that_cannot_be_flushed(number, passes, tmp_path, monkeypatch):
    real = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(getattr(errno, number), "no")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with nullcontext() if passes else pytest.raises(OSError, match="no"):
        write(tmp_path / "notes.txt", "one")
    assert (tmp_path / "notes.txt").read_text() == "one"
