"""Topic files: which messages stand where, and what a file may not do."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.failures import BadInput
from pipelines.stores import topics
from pipelines.stores.topics import KnownFile, TopicFile, read_messages, topic_files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "clicks").mkdir()
    return tmp_path


def clicks_file(folder, content, name="a.ndjson"):
    path = folder / "clicks" / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return TopicFile("clicks", 0, name, path)


def read(file, start=0, size=50_000):
    """The offsets and payloads of all blocks, and where the last one ends."""
    blocks = list(read_messages(file, start, size))
    messages = [m for b in blocks for m in zip(b.offsets, b.payloads, strict=True)]
    return messages, blocks[-1].end if blocks else start


def known(file, offset):
    return KnownFile(file.topic, file.partition, file.file, offset, file.fingerprint(offset))


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"], ids=["plain", "gzipped"])
@pytest.mark.parametrize(
    ("content", "messages", "end"),
    [
        pytest.param(b"", [], 0, id="an empty file"),
        pytest.param(b'{"a":1}\n{"b":2}\n', [(0, b'{"a":1}'), (8, b'{"b":2}')], 16, id="offsets are byte positions"),
        pytest.param('{"é":1}\n{}\n'.encode(), [(0, '{"é":1}'.encode()), (9, b"{}")], 12, id="of bytes, not letters"),
        pytest.param(b'\n  \n{"a":1}\n\t\r\n{}\n', [(4, b'{"a":1}'), (15, b"{}")], 18, id="blank lines are none"),
        pytest.param(b"\n\n", [], 2, id="blank lines alone are passed"),
        pytest.param(b"{}\r\n{}\r\n", [(0, b"{}\r"), (4, b"{}\r")], 8, id="a carriage return is whitespace of JSON"),
        pytest.param(b"oops\n\xff\n", [(0, b"oops"), (5, b"\xff")], 7, id="what is no JSON is for decoding to refuse"),
        pytest.param(b'{}\n{"a":1}', [(0, b"{}"), (3, b'{"a":1}')], 10, id="a last line without its end, complete"),
        pytest.param(b'{}\n{"a":', [(0, b"{}")], 3, id="a last line that is still being written"),
        pytest.param(b'{}\n{"a":"\xc3', [(0, b"{}")], 3, id="in the middle of a letter"),
        pytest.param(b"{}\n12", [(0, b"{}")], 3, id="a last line that is no object may still become one"),
        pytest.param(b"{}\n  ", [(0, b"{}")], 3, id="blanks without an end"),
        pytest.param(b'{"a":1}', [(0, b'{"a":1}')], 7, id="one line without an end"),
    ],
)
def test_messages_and_their_offsets(folder, name, content, messages, end):
    assert read(clicks_file(folder, content, name)) == (messages, end)


def test_a_last_line_that_is_completed_later_is_read_then(folder):
    first, end = read(clicks_file(folder, b'{}\n{"a":'))
    then, last = read(clicks_file(folder, b'{}\n{"a":1}\n{}\n'), end)
    assert first + then == [(0, b"{}"), (3, b'{"a":1}'), (11, b"{}")]
    assert last == 14


def test_the_end_of_a_line_that_was_complete_without_it_is_no_message(folder):
    _, end = read(clicks_file(folder, b'{}\n{"a":1}'))
    assert end == 10
    assert read(clicks_file(folder, b'{}\n{"a":1}\n{}\n'), end) == ([(11, b"{}")], 14)


def test_gzip_members_that_are_appended_are_read_on(folder):
    file = clicks_file(folder, b"{}\n", "a.ndjson.gz")
    with file.path.open("ab") as stream:
        stream.write(gzip.compress(b'{"a":1}\n'))
    assert read(file) == ([(0, b"{}"), (3, b'{"a":1}')], 11)
    assert read(file, 3) == ([(3, b'{"a":1}')], 11)


def test_no_message_of_a_gzip_file_that_is_still_being_written_is_lost(folder):
    file = clicks_file(folder, b"{}\n", "a.ndjson.gz")
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[:-6])
    first, end = read(file)
    file.path.write_bytes(whole)
    then, last = read(file, end)
    assert (first + then, last) == ([(0, b"{}")], 3)


def test_what_only_calls_itself_gzip_is_bad_input(folder):
    file = clicks_file(folder, b"{}\n", "a.ndjson.gz")
    file.path.write_bytes(b"{}\n")
    with pytest.raises(BadInput, match=r"a\.ndjson\.gz is no gzip file"):
        read(file)


lines = st.lists(st.sampled_from([b"", b" ", b"{}", b'{"a":1}', b"x" * 30, "é".encode()]), max_size=12)
tails = st.sampled_from([b"", b"{", b"{}", b" "])


@given(lines, tails, st.integers(1, 5), st.integers(1, 40), st.booleans())
def test_blocks_follow_one_another_and_hold_every_line(tmp_path_factory, lines, tail, size, chunk, gzipped):
    content = b"".join(line + b"\n" for line in lines) + tail
    path = tmp_path_factory.mktemp("topic") / ("a.ndjson.gz" if gzipped else "a.ndjson")
    path.write_bytes(gzip.compress(content) if gzipped else content)
    file = TopicFile("clicks", 0, path.name, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topics, "CHUNK", chunk)
        blocks = list(read_messages(file, 0, size))
        messages, end = read(file, 0, size)
        resumed = [read(file, block.end, size) for block in blocks]
    assert [block.start for block in blocks] == [0, *(block.end for block in blocks)][: len(blocks)]
    assert end == len(content) - (0 if tail == b"{}" else len(tail))
    assert all(content[offset : offset + len(line)] == line for offset, line in messages)
    assert [line for _, line in messages] == [line for line in [*lines, tail] if line.strip() and line != b"{"]
    assert all(len(block.payloads) <= size for block in blocks)
    for block, (rest, last) in zip(blocks, resumed, strict=True):
        assert (rest, last) == ([m for m in messages if m[0] >= block.end], end)


def test_both_forms_of_a_topic(folder):
    (folder / "orders.ndjson").write_bytes(b"{}\n")
    clicks_file(folder, b"{}\n", "b.ndjson")
    clicks_file(folder, b"{}\n", "a.ndjson.gz")
    (folder / "clicks" / "notes.txt").write_bytes(b"no topic file")
    found = [(f.topic, f.partition, f.file) for f in topic_files(folder, [])]
    assert found == [("clicks", 0, "a.ndjson.gz"), ("clicks", 1, "b.ndjson"), ("orders", 0, "orders.ndjson")]


def test_names_sort_by_code_point(folder):
    for name in ("é.ndjson", "b.ndjson", "B.ndjson", "10.ndjson", "9.ndjson"):
        clicks_file(folder, b"", name)
    assert [f.file for f in topic_files(folder, [])] == ["10.ndjson", "9.ndjson", "B.ndjson", "b.ndjson", "é.ndjson"]


def test_files_keep_their_numbers_and_a_new_one_comes_last(folder):
    b, c = clicks_file(folder, b"{}\n", "b.ndjson"), clicks_file(folder, b"{}\n", "c.ndjson")
    before = [KnownFile("clicks", 1, "b.ndjson", 3, b.fingerprint(3)), KnownFile("clicks", 0, "c.ndjson", 0, "")]
    clicks_file(folder, b"", "d.ndjson")
    assert c.fingerprint(0) is not None
    found = [(f.partition, f.file) for f in topic_files(folder, before)]
    assert found == [(0, "c.ndjson"), (1, "b.ndjson"), (2, "d.ndjson")]


def test_the_numbers_of_one_topic_are_none_of_another_s(folder):
    file = clicks_file(folder, b"{}\n", "z.ndjson")
    (folder / "orders").mkdir()
    (folder / "orders" / "a.ndjson").write_bytes(b"")
    found = [(f.topic, f.partition) for f in topic_files(folder, [known(file, 3)])]
    assert found == [("clicks", 0), ("orders", 0)]


@pytest.mark.parametrize("name", ["m.ndjson", "m.ndjson.gz"], ids=["plain", "gzipped"])
@pytest.mark.parametrize(
    ("content", "offset"),
    [
        pytest.param(b'{"a":1}\n', 8, id="as it was"),
        pytest.param(b'{"a":1}\n{"b":2}\n', 8, id="grown"),
        pytest.param(b"", 0, id="never read"),
    ],
)
def test_a_file_that_only_grew_is_read_on(folder, name, content, offset):
    before = known(clicks_file(folder, content[:offset], name), offset)
    file = clicks_file(folder, content, name)
    assert topic_files(folder, [before]) == [file]


@pytest.mark.parametrize("name", ["m.ndjson", "m.ndjson.gz"], ids=["plain", "gzipped"])
@pytest.mark.parametrize("fingerprint", [1 << 16, 4], ids=["the whole was fingerprinted", "its last bytes were"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"a":1}\n', id="shrunk"),
        pytest.param(b"", id="emptied"),
        pytest.param(b'{"a":1}\n{"b":3}\n', id="changed"),
        pytest.param(b'{"a":1}\n{"b":33}\n', id="changed and grown"),
    ],
)
def test_a_file_that_shrank_or_changed_is_bad_input(folder, monkeypatch, name, fingerprint, content):
    monkeypatch.setattr(topics, "FINGERPRINT", fingerprint)
    before = known(clicks_file(folder, b'{"a":1}\n{"b":2}\n', name), 16)
    clicks_file(folder, content, name)
    with pytest.raises(BadInput, match=r"m\.ndjson.* is not what was read before: its first 16 bytes .*put it back"):
        topic_files(folder, [before])


def test_a_gzip_file_that_was_cut_is_bad_input(folder, monkeypatch):
    monkeypatch.setattr(topics, "FINGERPRINT", 4)
    content = b"".join(json.dumps({"n": n}).encode() + b"\n" for n in range(2_000))
    file = clicks_file(folder, content, "m.ndjson.gz")
    before = known(file, len(content))
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="is not what was read before"):
        topic_files(folder, [before])


def test_a_gzip_file_that_became_another_is_bad_input(folder, monkeypatch):
    monkeypatch.setattr(topics, "FINGERPRINT", 4)
    file = clicks_file(folder, b'{"a":1}\n', "m.ndjson.gz")
    before = known(file, 8)
    file.path.write_bytes(b'{"a":1}\n')
    with pytest.raises(BadInput, match=r"m\.ndjson\.gz is no gzip file"):
        topic_files(folder, [before])


def test_a_file_that_vanished_is_bad_input(folder):
    before = known(clicks_file(folder, b"{}\n", "m.ndjson"), 3)
    (folder / "clicks" / "m.ndjson").unlink()
    with pytest.raises(BadInput, match=r"m\.ndjson was read up to byte 3 and is gone; put it back"):
        topic_files(folder, [before])


def test_a_new_file_that_sorts_before_a_known_one_is_bad_input(folder):
    before = known(clicks_file(folder, b"{}\n", "m.ndjson"), 3)
    clicks_file(folder, b"{}\n", "a.ndjson")
    with pytest.raises(BadInput, match=r"a\.ndjson is new but sorts before m\.ndjson.*rename it"):
        topic_files(folder, [before])


def test_a_topic_in_both_forms_is_bad_input(folder):
    (folder / "clicks.ndjson").write_bytes(b"")
    with pytest.raises(BadInput, match=r"clicks\.ndjson and .*clicks/ both exist; keep one of them"):
        topic_files(folder, [])


def test_an_absent_topic_is_empty_and_an_absent_folder_bad_input(tmp_path):
    assert topic_files(tmp_path, []) == []
    with pytest.raises(BadInput, match="there is no folder"):
        topic_files(Path(tmp_path / "nowhere"), [])


@pytest.mark.parametrize(
    ("offset", "same"),
    [
        pytest.param(3, True, id="the bytes before it"),
        pytest.param(8, False, id="beyond a file's end there are none"),
    ],
)
def test_fingerprints(folder, offset, same):
    file, other = clicks_file(folder, b"{}\nabc", "a.ndjson"), clicks_file(folder, b"{}\nxyz", "b.ndjson")
    assert (file.fingerprint(offset) == other.fingerprint(offset) is not None) is same
