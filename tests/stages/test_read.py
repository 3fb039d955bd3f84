"""Read: every message of every file from its offset on, in blocks that follow each other."""

import gzip

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.engines import run_direct
from pipelines.stages.read import ReadTopics
from pipelines.stores.topics import topic_files


@pytest.fixture
def files(tmp_path):
    (tmp_path / "clicks").mkdir()
    (tmp_path / "clicks" / "a.ndjson").write_bytes(b'{"a":1}\n{"a":2}\n\n{"a":3}\n')
    (tmp_path / "clicks" / "b.ndjson.gz").write_bytes(gzip.compress(b'{"b":1}\n{"b":2}\n'))
    (tmp_path / "orders.ndjson").write_bytes(b'{"o":1}\n{"o":')
    return topic_files(tmp_path, [])


def read(starts, block_messages, expected):
    def build(p):
        blocks = p | ReadTopics(starts, block_messages) | beam.Map(lambda b: (b.source, b.start, b.end, b.payloads))
        assert_that(blocks, equal_to(expected))

    run_direct(build)


def test_every_file_is_read_to_its_last_whole_line(files):
    read(
        [(file, 0) for file in files],
        50_000,
        [
            ("clicks/0", 0, 25, [b'{"a":1}', b'{"a":2}', b'{"a":3}']),
            ("clicks/1", 0, 16, [b'{"b":1}', b'{"b":2}']),
            ("orders/0", 0, 8, [b'{"o":1}']),
        ],
    )


def test_a_block_starts_where_the_one_before_it_ends(files):
    read(
        [(files[0], 8), (files[1], 8)],
        1,
        [
            ("clicks/0", 8, 16, [b'{"a":2}']),
            ("clicks/0", 16, 17, []),
            ("clicks/0", 17, 25, [b'{"a":3}']),
            ("clicks/1", 8, 16, [b'{"b":2}']),
        ],
    )


def test_a_block_holds_at_least_one_message(files):
    with pytest.raises(ValueError, match="block_messages is 0"):
        ReadTopics([(files[0], 0)], 0)
