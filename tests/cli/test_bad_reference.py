"""Bad reference data and settings: exit 2 with the place and what to do, before anything is written."""

import pytest

CODES = "code,influencer_id,campaign_id,valid_from,valid_to\n"
MARCH, MAY, JULY = "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-07-01T00:00:00Z"

CASES = {
    "overlapping codes": ("codes", f"{CODES}ANA10,ana,spring,{MARCH},{JULY}\nana 10,ben,spring,{MAY},\n", "3", "code"),
    "an unknown influencer": ("codes", f"{CODES}ANA10,zoe,spring,,\n", "2", "influencer_id"),
    "an unknown campaign": ("codes", f"{CODES}ANA10,ana,winter,,\n", "2", "campaign_id"),
    "an instant without a zone": ("codes", f"{CODES}ANA10,ana,spring,2026-03-01T00:00:00,\n", "2", "valid_from"),
    "an instant that is none": ("codes", f"{CODES}ANA10,ana,spring,tomorrow,\n", "2", "valid_from"),
    "a period that ends before it starts": ("codes", f"{CODES}ANA10,ana,spring,{MAY},{MARCH}\n", "2", "valid_to"),
    "a repeated key": (
        "influencers",
        "influencer_id,handle,name,platform\nana,@a,Ana,blog\nben,@b,Ben,blog\nana,@c,Ana,blog\n",
        "4",
        "influencer_id",
    ),
    "a missing column": ("codes", "code,influencer_id\nANA10,ana\n", None, "campaign_id"),
    "an amount with a comma": (
        "costs",
        'cost_id,campaign_id,category,amount,currency,incurred_on\nc1,spring,fee,"20,00",EUR,2026-03-02\n',
        "2",
        "amount",
    ),
    "an unknown currency": (
        "campaigns",
        f"campaign_id,name,starts_at,ends_at,currency\nspring,Spring,{MARCH},{MAY},XYZ\n",
        "2",
        "currency",
    ),
    "an unknown time zone": (
        "campaigns",
        f"campaign_id,name,starts_at,ends_at,timezone,currency\nspring,Spring,{MARCH},{MAY},Mars/North,EUR\n",
        "2",
        "timezone",
    ),
}


@pytest.mark.parametrize(("table", "text", "row", "column"), CASES.values(), ids=CASES)
def test_the_file_row_and_column_are_named_and_nothing_is_written(
    codetrail_here, inputs, listing, table, text, row, column
):
    (inputs / "reference" / f"{table}.csv").write_text(text, encoding="utf-8")
    before = listing(inputs)
    ended = codetrail_here("--workspace", inputs, "run")
    assert ended.code == 2
    assert f"{table}.csv" in ended.err
    assert column in ended.err
    assert row is None or row in ended.err.split(f"{table}.csv", 1)[1]
    assert ended.out == ""
    assert listing(inputs) == before
    assert not (inputs / "lake").exists()


def test_a_missing_file_is_named(codetrail_here, inputs):
    (inputs / "reference" / "links.csv").unlink()
    ended = codetrail_here("--workspace", inputs, "run")
    assert ended.code == 2
    assert "links.csv" in ended.err
    assert not (inputs / "lake").exists()


def test_a_file_that_is_no_text_is_named(codetrail_here, inputs):
    (inputs / "reference" / "codes.csv").write_bytes(b"\xff\xfe\x00c\x00o\x00d\x00e")
    ended = codetrail_here("--workspace", inputs, "run")
    assert ended.code == 2
    assert "codes.csv" in ended.err


def test_a_build_stops_at_bad_reference_data_and_keeps_the_last_one(codetrail_here, shop, listing):
    (shop / "reference" / "codes.csv").write_text(f"{CODES}ANA10,zoe,spring,,\n", encoding="utf-8")
    before = listing(shop)
    ended = codetrail_here("--workspace", shop, "build")
    assert ended.code == 2
    assert "zoe" in ended.err
    assert listing(shop) == before


SETTINGS = {
    "another policy": 'policy = "link_wins"',
    "another window": "window_days = 14",
    "another half-life": "half_life_days = 3",
    "another path transform": 'path_transform = "unique"',
    "another reporting currency": 'reporting_currency = "USD"',
    "another number of shards": "shards = 4",
}


@pytest.mark.parametrize("line", SETTINGS.values(), ids=SETTINGS)
def test_other_settings_than_the_lake_s_stop_a_run_and_name_restate(codetrail_here, shop, listing, line):
    currency = "" if line.startswith("reporting") else 'reporting_currency = "EUR"\n'
    (shop / "codetrail.toml").write_text(f"{currency}{line}\n")
    before = listing(shop)
    ended = codetrail_here("--workspace", shop, "run")
    assert ended.code == 2
    assert "restate" in ended.err
    assert listing(shop) == before


UNFIT = {
    "a name that is no setting": "polcy = 'code_wins'",
    "a value out of range": "window_days = 0",
    "a currency that is none": "reporting_currency = 'EURO'",
    "a file that is no TOML": "policy: code_wins",
}


@pytest.mark.parametrize("line", UNFIT.values(), ids=UNFIT)
def test_settings_that_cannot_be_are_named_with_their_file(codetrail_here, inputs, line):
    (inputs / "codetrail.toml").write_text(line)
    ended = codetrail_here("--workspace", inputs, "run")
    assert ended.code == 2
    assert "codetrail.toml" in ended.err
    assert not (inputs / "lake").exists()


def test_an_option_overrides_the_environment_which_overrides_the_file(codetrail_here, shop, monkeypatch):
    (shop / "codetrail.toml").write_text('reporting_currency = "EUR"\npolicy = "link_wins"\n')
    run = ("--workspace", shop, "run")
    assert codetrail_here(*run).code == 2
    monkeypatch.setenv("CODETRAIL_POLICY", "code_wins")
    assert codetrail_here(*run).code == 0
    assert codetrail_here(*run, "--policy", "if_winner").code == 2
