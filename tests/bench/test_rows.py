"""Two engines' claims of the same orders: what counts as a difference, and by which name."""

import polars as pl

from bench.peers.rows import claims_in, differences

CLAIM = {
    "order_id": "o-1",
    "kind": "code",
    "claim_id": "o-1#0",
    "influencer_id": "ada",
    "campaign_id": "spring",
    "valid": True,
    "reason": "won",
    "is_winner": True,
}
VOID = CLAIM | {
    "claim_id": "o-1#1",
    "influencer_id": None,
    "campaign_id": None,
    "valid": False,
    "reason": "unknown_code",
    "is_winner": False,
}
CLICK = CLAIM | {"kind": "link", "claim_id": "c-1", "reason": "outranked", "is_winner": False}
SCHEMA = {name: pl.Boolean if name in ("valid", "is_winner") else pl.String for name in CLAIM}


def rows(*claims):
    return pl.DataFrame(claims, schema=SCHEMA)


def test_the_same_rows_in_another_order_do_not_differ():
    assert differences(rows(CLICK, VOID, CLAIM), rows(CLAIM, VOID, CLICK)) == {}


def test_no_rows_and_no_rows_do_not_differ():
    assert differences(rows(), rows()) == {}


def test_a_claim_that_is_not_there_and_one_that_should_not_be_are_counted_by_kind():
    found = rows(CLAIM, VOID | {"claim_id": "o-1#2"})
    assert differences(found, rows(CLAIM, VOID, CLICK)) == {"missing code": 1, "missing link": 1, "too many code": 1}


def test_a_code_and_a_click_of_one_name_are_two_claims():
    click = CLICK | {"claim_id": CLAIM["claim_id"]}
    assert differences(rows(CLAIM, click), rows(click, CLAIM)) == {}
    assert differences(rows(CLAIM), rows(click, CLAIM)) == {"missing link": 1}


def test_a_claim_that_is_written_twice_is_a_difference():
    assert differences(rows(CLAIM, CLAIM, CLICK), rows(CLAIM, CLICK)) == {"repeated": 1}


def test_what_is_said_otherwise_is_counted_by_column():
    found = rows(CLAIM | {"reason": "outranked", "is_winner": False}, CLICK)
    assert differences(found, rows(CLAIM, CLICK)) == {"other reason": 1, "other is_winner": 1}


def test_nobody_is_another_than_somebody_and_the_same_as_nobody():
    assert differences(rows(VOID), rows(VOID)) == {}
    assert differences(rows(VOID | {"influencer_id": "ada"}), rows(VOID)) == {"other influencer_id": 1}
    assert differences(rows(VOID), rows(VOID | {"influencer_id": "ada"})) == {"other influencer_id": 1}


def test_columns_may_stand_in_any_order_and_others_beside_them():
    found = rows(CLAIM).select(pl.lit(7).alias("batch"), *reversed(SCHEMA))
    assert differences(found, rows(CLAIM)) == {}


def test_every_file_is_read_but_what_an_engine_keeps_for_itself(tmp_path):
    for name, claim in (("part-1", CLAIM), ("later/0.parquet", CLICK), ("_kept/0.parquet", VOID), (".crc", VOID)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        rows(claim).write_parquet(tmp_path / name)
    assert differences(claims_in(tmp_path), rows(CLAIM, CLICK)) == {}
