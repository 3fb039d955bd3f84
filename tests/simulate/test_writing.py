"""Lines that were written by columns read back as the rows that they were."""

import json

import numpy as np
import polars as pl
import pytest

from pipelines.simulate.writing import json_lines, write_lines

TEXTS = ["plain", 'she said "no"', "back\\slash", "two\nlines", "ＡＬＥＸ２０", "zero\u200bwidth", "✨", ""]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_reads_back(text):
    line = json_lines(pl.DataFrame({"event_id": [text], "codes": [[text, text]]}))[0]
    assert json.loads(line) == {"event_id": text, "codes": [text, text]}
    assert "\n" not in line


def test_nulls_are_left_out_and_types_kept():
    frame = pl.DataFrame({"event_id": ["a", "b"], "consent": [True, None], "likes": [None, 7], "codes": [None, ["x"]]})
    assert [json.loads(line) for line in json_lines(frame)] == [
        {"event_id": "a", "consent": True},
        {"event_id": "b", "likes": 7, "codes": ["x"]},
    ]


def test_lines_stand_in_the_order_given_and_inserts_between_them(tmp_path):
    path = tmp_path / "clicks.ndjson"
    lines = pl.Series(["a", "b", "c"])
    assert write_lines(path, lines, np.array([2, 0, 2, 1]), [(0, b"\xff"), (2, b"x"), (2, b"y")]) == 7
    assert path.read_bytes() == b"\xff\nc\na\nx\ny\nc\nb\n"


def test_an_existing_file_is_not_overwritten(tmp_path):
    path = tmp_path / "clicks.ndjson"
    path.write_text("theirs")
    with pytest.raises(FileExistsError):
        write_lines(path, pl.Series(["ours"]), np.array([0]))
    assert path.read_text() == "theirs"
