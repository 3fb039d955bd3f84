"""Reference data: what a good folder becomes, and how the faults of a bad one are reported."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pipelines.failures import BadInput
from pipelines.schema_store import REFERENCE_TABLES, reference_schema
from pipelines.stores.reference import load_reference

MINIMAL = {
    "influencers": "influencer_id,handle,name,platform\nalex,@alex,Alex,instagram\n",
    "campaigns": "campaign_id,name,starts_at,ends_at,currency\nc,C,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,EUR\n",
    "codes": "code,influencer_id,campaign_id\nALEX20,alex,c\n",
    "links": "link_id,influencer_id,campaign_id\n",
}


def test_a_good_folder_is_typed(reference_folder):
    tables = reference_folder.load().tables
    assert tables["influencers"].to_pylist()[0] == {
        "influencer_id": "alex",
        "handle": "@alex",
        "name": "Alex Ng",
        "platform": "instagram",
        "followers": 48200,
        "tier": "micro",
        "country": "DE",
        "partnership_type": "ambassador",
        "customer_id": "k-7",
    }
    assert tables["influencers"]["name"].to_pylist()[1] == 'Brianna "Bri" Lee'
    assert tables["campaigns"]["starts_at"].to_pylist()[0] == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert tables["campaigns"]["ends_at"].to_pylist()[0] == datetime(2026, 4, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert tables["campaigns"]["timezone"].to_pylist() == ["Europe/Berlin", "UTC"]
    assert tables["codes"]["valid_from"].to_pylist() == [None, datetime(2026, 3, 16, tzinfo=UTC)]
    assert tables["costs"]["amount"].to_pylist() == [Decimal(500), Decimal(90000)]
    assert tables["costs"]["incurred_on"].to_pylist() == [date(2026, 3, 2), date(2026, 3, 31)]
    assert tables["fx_rates"]["rate"].to_pylist() == [Decimal("1.0832"), Decimal("1.083"), Decimal("0.0064")]


def test_every_table_has_every_column_in_order_and_type(reference_folder):
    tables = reference_folder.load().tables
    assert {name: table.column_names for name, table in tables.items()} == {
        name: list(reference_schema(name)["properties"]) for name in REFERENCE_TABLES
    }
    assert {str(field.type) for table in tables.values() for field in table.schema} == {
        "string",
        "int64",
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "decimal128(38, 4)",
        "decimal128(38, 18)",
    }


def test_optional_files_and_columns_may_be_absent(tmp_path):
    for table, text in MINIMAL.items():
        (tmp_path / f"{table}.csv").write_text(text)
    tables = load_reference(tmp_path, redact_id=str, redact_text=str).tables
    assert tables["codes"].to_pylist()[0]["valid_to"] is None
    assert tables["influencers"].to_pylist()[0]["tier"] is None
    assert tables["campaigns"].to_pylist()[0]["timezone"] == "UTC"
    assert tables["costs"].num_rows == 0
    assert tables["costs"].column_names == list(reference_schema("costs")["properties"])


def test_the_digest_knows_content_and_no_layout(reference_folder):
    before = reference_folder.load().digest
    header, *lines = (reference_folder.path / "codes.csv").read_text().splitlines()
    reference_folder.write("codes", b"\xef\xbb\xbf" + "\r\n".join([header, "", *reversed(lines)]).encode())
    rates = (reference_folder.path / "fx_rates.csv").read_text()
    reference_folder.write("fx_rates", rates.replace("1.083\n", "1.0830\n"))
    assert reference_folder.load().digest == before


def test_the_digest_changes_with_any_cell(reference_folder):
    before = reference_folder.load().digest
    rows = reference_folder.rows("links")
    reference_folder.write_rows("links", [{**rows[0], "post_id": "p-2"}, *rows[1:]])
    assert reference_folder.load().digest != before


def test_an_absent_optional_file_is_an_empty_one(reference_folder):
    reference_folder.write_rows("channels", [])
    empty = reference_folder.load()
    reference_folder.remove("channels")
    assert reference_folder.load() == empty


def test_columns_that_no_schema_knows_are_named_and_not_kept(reference_folder):
    reference_folder.write("fx_rates", "rate_date,currency,rate,remark\n2026-01-01,EUR,1.0832,ECB\n")
    reference = reference_folder.load()
    assert reference.ignored == {"fx_rates": ("remark",)}
    assert "remark" not in reference.tables["fx_rates"].column_names


def test_ids_codes_and_utm_columns_are_redacted_before_they_are_compared(reference_folder):
    for table in REFERENCE_TABLES:
        text = (reference_folder.path / f"{table}.csv").read_text()
        reference_folder.write(table, text.replace("alex,", "a@x.org,"))
    tables = load_reference(
        reference_folder.path,
        redact_id=lambda text: "email:1" if "@x" in text else text,
        redact_text=lambda text: "[email]" if "@x" in text else text,
    ).tables
    assert tables["influencers"]["influencer_id"].to_pylist() == ["email:1", "brianna"]
    assert tables["links"]["influencer_id"].to_pylist() == ["email:1", "brianna"]
    assert tables["links"]["utm_content"].to_pylist() == ["[email]", "[email]"]


@pytest.mark.parametrize(
    ("followers", "tier"),
    [
        pytest.param("0", "nano", id="nobody"),
        pytest.param("4999", "nano", id="just below 5k"),
        pytest.param("5000", "micro", id="5k"),
        pytest.param("99999", "micro", id="just below 100k"),
        pytest.param("100000", "mid", id="100k"),
        pytest.param("499999", "mid", id="just below 500k"),
        pytest.param("500000", "macro", id="500k"),
        pytest.param("999999", "macro", id="just below 1M"),
        pytest.param("1000000", "mega", id="1M"),
        pytest.param("", None, id="unknown followers"),
    ],
)
def test_an_empty_tier_follows_the_followers(reference_folder, followers, tier):
    rows = reference_folder.rows("influencers")
    reference_folder.write_rows("influencers", [{**rows[0], "followers": followers, "tier": ""}, *rows[1:]])
    assert reference_folder.load().tables["influencers"]["tier"].to_pylist()[0] == tier


def test_a_written_tier_stands_whatever_the_followers(reference_folder):
    rows = reference_folder.rows("influencers")
    reference_folder.write_rows("influencers", [{**rows[0], "followers": "10", "tier": "mega"}, *rows[1:]])
    assert reference_folder.load().tables["influencers"]["tier"].to_pylist()[0] == "mega"


def test_a_missing_folder_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="there is no folder"):
        load_reference(tmp_path / "reference", redact_id=str, redact_text=str)


def test_all_problems_of_a_folder_are_told_at_once(reference_folder):
    reference_folder.write("fx_rates", "rate_date,currency,rate\n2026-01-01,EUR,0\n")
    cost = reference_folder.rows("costs")[0]
    reference_folder.write_rows("costs", [cost | {"category": "gift", "amount": "-5", "incurred_on": "soon"}])
    reference_folder.remove("links")
    with pytest.raises(BadInput) as raised:
        reference_folder.load()
    heading, *lines = str(raised.value).splitlines()
    assert heading.endswith("has 5 problems; nothing has been written:")
    assert [line.split(":")[0] for line in lines] == [
        "- links.csv",
        "- costs.csv, row 2, column category",
        "- costs.csv, row 2, column amount",
        "- costs.csv, row 2, column incurred_on",
        "- fx_rates.csv, row 2, column rate",
    ]


def test_twenty_problems_are_shown_and_the_others_counted(reference_folder):
    reference_folder.write("fx_rates", "rate_date,currency,rate\n" + "2026-01-01,EUR,0\n" * 25)
    with pytest.raises(BadInput) as raised:
        reference_folder.load()
    lines = str(raised.value).splitlines()
    assert len(lines) == 1 + 20 + 1
    assert lines[-1] == "- and 29 more"  # 25 rates, and 24 rows that repeat the first one's key
