"""Appending to topic files: whole lines at known offsets, beside whoever else appends, and after a write cut short."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.stores import topic_append
from pipelines.stores.topic_append import append_lines, digest_of, lines_since, size_of
from pipelines.stores.topics import TopicFile, read_messages

LINES = [b'{"a":1}', b'{"b":"\xc3\xa9"}', b'{"a":1}']


class Killed(BaseException):
    """Instead of SIGKILL, so that the process can look at what it left."""


@pytest.fixture(params=["a.ndjson", "a.ndjson.gz"], ids=["plain", "gzipped"])
def file(request, tmp_path):
    return topic_file(tmp_path, request.param, b'{"old":1}\n')


def topic_file(folder, name, content):
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return TopicFile("orders", 0, name, path)


def content_of(file):
    with file.open() as stream:
        return stream.read()


def messages(file):
    return {o: m for b in read_messages(file, 0) for o, m in zip(b.offsets, b.payloads, strict=True)}


def test_the_lines_stand_at_the_offsets_that_it_says(file):
    assert size_of(file) == 10
    offsets = append_lines(file, LINES)
    assert [messages(file)[offset] for offset in offsets] == LINES
    assert content_of(file) == b'{"old":1}\n' + b"\n".join(LINES) + b"\n"
    assert lines_since(file, 10, {digest_of(LINES[0]), digest_of(b"{}")}) == {
        digest_of(LINES[0]): [offsets[0], offsets[2]],
        digest_of(b"{}"): [],
    }


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_a_complete_last_line_without_an_end_gets_one(tmp_path, name):
    file = topic_file(tmp_path, name, b'{"old":1}')
    assert append_lines(file, [b"{}"]) == [10]
    assert messages(file) == {0: b'{"old":1}', 10: b"{}"}


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_a_line_that_somebody_is_writing_is_left_alone(tmp_path, name):
    file = topic_file(tmp_path, name, b'{"old"')
    with pytest.raises(BadInput, match="in the middle of a line"):
        append_lines(file, [b'{"old":1}'])
    assert content_of(file) == b'{"old"'


def test_a_gzip_file_that_is_still_being_written_is_left_alone(tmp_path):
    file = topic_file(tmp_path, "a.ndjson.gz", b'{"old":1}\n')
    file.path.write_bytes(file.path.read_bytes()[:-4])
    with pytest.raises(BadInput, match="still being written"):
        append_lines(file, [b"{}"])


def test_a_file_that_is_gone_cannot_be_written(tmp_path):
    with pytest.raises(LakeUnavailable, match="cannot be written"):
        append_lines(TopicFile("orders", 0, "a.ndjson", tmp_path / "a.ndjson"), [b"{}"])


@given(cut=st.integers(0, sum(map(len, LINES)) + len(LINES)))
def test_a_write_that_was_cut_anywhere_is_completed_and_nothing_stands_there_twice(tmp_path_factory, cut):
    file = topic_file(tmp_path_factory.mktemp("cut"), "a.ndjson", b'{"old":1}\n')
    with file.path.open("ab") as stream:
        stream.write((b"\n".join(LINES) + b"\n")[:cut])
    digests = [digest_of(line) for line in LINES]
    there = {digest: offsets for digest, offsets in lines_since(file, 10, digests).items() if offsets}
    missing = []
    for line, digest in zip(LINES, digests, strict=True):
        if there.get(digest):
            there[digest].pop(0)
        else:
            missing.append(line)
    append_lines(file, missing, digests)
    found = list(messages(file).values())
    assert found[0] == b'{"old":1}'
    assert sorted(found[1:]) == sorted(LINES)


def test_a_kill_leaves_a_gzip_file_as_it_was_or_whole(tmp_path, monkeypatch):
    file = topic_file(tmp_path, "a.ndjson.gz", b'{"old":1}\n')
    with monkeypatch.context() as patched:
        patched.setattr(topic_append.os, "fsync", lambda _: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            append_lines(file, LINES)
    assert content_of(file) == b'{"old":1}\n'
    append_lines(file, LINES)
    assert list(messages(file).values())[1:] == LINES
    assert [path.name for path in tmp_path.iterdir()] == ["a.ndjson.gz"]
