"""Rows of reference data that contradict themselves or each other: the message names all rows of the fault."""

import pytest

from pipelines.failures import BadInput

MARCH, MID_MARCH, APRIL = (f"2026-{day}T00:00:00Z" for day in ("03-01", "03-16", "04-01"))
SPRING = {"influencer_id": "alex", "campaign_id": "spring"}
CAMPAIGN = {"campaign_id": "spring", "name": "Spring", "starts_at": MARCH, "ends_at": APRIL, "currency": "EUR"}
COST = {"cost_id": "k", "campaign_id": "spring", "category": "fee", "amount": "5", "currency": "EUR"}
COST |= {"incurred_on": "2026-03-01"}
RATE = {"rate_date": "2026-01-01", "currency": "EUR", "rate": "1"}
TARGET = {"campaign_id": "spring", "metric": "orders", "target": "10", "starts_on": "2026-03-01"}
TIER = {"plan_id": "ten", "kind": "tiered", "rate": "5"}


def code(name, start="", end=""):
    return SPRING | {"code": name, "valid_from": start, "valid_to": end}


def link(name, start="", end=""):
    return SPRING | {"link_id": name, "valid_from": start, "valid_to": end}


@pytest.mark.parametrize(
    ("table", "rows", "place", "advice"),
    [
        pytest.param(
            "codes", [code("X", APRIL, MARCH)], "row 2, column valid_to", "not after", id="ends before it starts"
        ),
        pytest.param(
            "codes", [code("X", MARCH, MARCH)], "row 2, column valid_to", "not after", id="a period of no time"
        ),
        pytest.param(
            "codes",
            [code("X", "", APRIL), code("Y"), code(" x", MARCH)],
            "rows 2 and 4, column code",
            "'X' and ' x'",
            id="two spellings of one code overlap",
        ),
        pytest.param("codes", [code("X"), code("X")], "rows 2 and 3, column code", "valid_to", id="a code twice"),
        pytest.param(
            "codes", [code("X", APRIL), code("X")], "rows 2 and 3, column code", "valid_to", id="one for ever"
        ),
        pytest.param(
            "codes",
            [code("X", MID_MARCH, APRIL), code("X", MARCH, "2026-03-16T00:00:00.000001Z")],
            "rows 2 and 3, column code",
            "valid_to",
            id="an overlap of a microsecond",
        ),
        pytest.param(
            "codes",
            [code("X", "2026-03-16T01:00:00+02:00"), code("X", "", MID_MARCH)],
            "rows 2 and 3, column code",
            "valid_to",
            id="an overlap that only the offset shows",
        ),
        pytest.param(
            "links",
            [link("l-1", "", APRIL), link("l-1", MARCH)],
            "rows 2 and 3, column link_id",
            "'l-1' and 'l-1'",
            id="a link overlaps",
        ),
        pytest.param("campaigns", [CAMPAIGN | {"ends_at": MARCH}], "row 2, column ends_at", "starts_at", id="no time"),
        pytest.param("campaigns", [CAMPAIGN, CAMPAIGN], "rows 2 and 3, column campaign_id", "keep one", id="twice"),
        pytest.param(
            "costs",
            [COST | {"period_start": "2026-03-02", "period_end": "2026-03-01"}],
            "row 2, column period_end",
            "2026-03-01 is before period_start 2026-03-02",
            id="a period that ends before it starts",
        ),
        pytest.param("costs", [COST | {"period_start": "2026-03-02"}], "row 2, column period_end", "both", id="no end"),
        pytest.param(
            "costs", [COST | {"period_end": "2026-03-02"}], "row 2, column period_start", "both", id="no start"
        ),
        pytest.param("costs", [COST, COST], "rows 2 and 3, column cost_id", "'k' is repeated", id="a cost twice"),
        pytest.param(
            "fx_rates",
            [RATE, RATE | {"rate_date": "2026-01-02"}, RATE],
            "rows 2 and 4, column rate_date, currency",
            "'2026-01-01', 'EUR' is repeated",
            id="two rates of a day",
        ),
        pytest.param(
            "targets", [TARGET | {"ends_on": "2026-02-28"}], "row 2, column ends_on", "before", id="backwards"
        ),
        pytest.param(
            "commission_plans", [TIER, TIER], "rows 2 and 3, column plan_id, tier_from", "keep one", id="a tier twice"
        ),
    ],
)
def test_rows_that_contradict_are_named_with_what_to_do(reference_folder, table, rows, place, advice):
    reference_folder.write_rows(table, rows)
    with pytest.raises(BadInput) as raised:
        reference_folder.load()
    said = str(raised.value).splitlines()
    assert any(line.startswith(f"- {table}.csv, {place}:") and advice in line for line in said), raised.value


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        pytest.param(
            "codes", [code("X", APRIL), code("X", MARCH, APRIL), code("X", "", MARCH)], id="one after another"
        ),
        pytest.param("codes", [code("X", "", MARCH), code("x", APRIL)], id="with a gap between"),
        pytest.param("codes", [code("ALEX20"), code("\u0410LEX20")], id="a look-alike of another script"),
        pytest.param("links", [link("l-1"), link("L-1")], id="links differ by case"),
        pytest.param(
            "costs", [COST | {"period_start": "2026-03-01", "period_end": "2026-03-01"}], id="a period of a day"
        ),
        pytest.param("targets", [TARGET | {"ends_on": "2026-03-01"}], id="a goal for a day"),
        pytest.param("commission_plans", [TIER, TIER | {"tier_from": "0"}], id="a tier for each slice"),
    ],
)
def test_rows_that_go_together(reference_folder, table, rows):
    reference_folder.write_rows(table, rows)
    assert reference_folder.load().tables[table].num_rows == len(rows)


def test_a_key_in_a_wrong_cell_is_said_once(reference_folder):
    reference_folder.write_rows("fx_rates", [RATE | {"rate_date": "soon"}, RATE | {"rate_date": "soon"}])
    with pytest.raises(BadInput, match="has 2 problems"):
        reference_folder.load()
