"""Transaction: what was begun and failed leaves nothing, and the next may begin."""

import duckdb
import pytest

from pipelines.live.transaction import transaction


def count(connection, number, file=None):
    with transaction(connection):
        connection.execute("insert into counted values (?)", [number])
        if file:
            connection.execute("select * from read_parquet(?)", [file])


def test_a_failure_undoes_all_of_it_and_the_next_counts():
    with duckdb.connect() as connection:
        connection.execute("create table counted (n int)")
        with pytest.raises(duckdb.IOException):
            count(connection, 1, "compacted-away.parquet")
        count(connection, 2)
        assert connection.execute("select n from counted").fetchall() == [(2,)]
