"""The peers of the comparison: each has a script, pinned packages, a name and what it leaves out."""

import re

import pytest

from bench.peers.peer import all_peers


@pytest.mark.parametrize("peer", all_peers(), ids=lambda peer: peer.name)
def test_a_peer_is_whole(peer):
    assert peer.script.is_file()
    assert peer.title
    assert "credits" in peer.left_out
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", line) for line in peer.requirements.read_text().splitlines())


def test_what_a_user_would_pick_instead_is_among_them():
    assert {peer.name for peer in all_peers()} >= {
        "duckdb_job",
        "bytewax_flow",
        "flink_sql",
        "spark_batch",
        "spark_streaming",
    }
