"""One cell of the good reference data broken: the message names file, row and column, and says what to do."""

import pytest

from pipelines.failures import BadInput

FAULTS = [
    ("an empty code", "codes", "code", "", "fill it"),
    ("an invisible code", "codes", "code", "\u200b ", "spaces and invisible"),
    ("a code of 129 characters", "codes", "code", "X" * 129, "129 characters"),
    ("an unknown influencer", "codes", "influencer_id", "bob", "'bob' is not in influencers.csv"),
    ("an influencer with a space before it", "codes", "influencer_id", " alex", "' alex' is not in"),
    ("an empty influencer", "codes", "influencer_id", "", "fill it"),
    ("an unknown campaign", "codes", "campaign_id", "winter", "'winter' is not in campaigns.csv"),
    ("an unknown plan of a code", "codes", "commission_plan_id", "twenty", "'twenty' is not in commission_plans.csv"),
    ("an instant without an offset", "codes", "valid_from", "2026-03-01T00:00:00", "Z or an offset"),
    ("a local way to write a day", "codes", "valid_from", "01.03.2026", "'01.03.2026' is no instant"),
    ("no such day", "codes", "valid_from", "2026-02-29T00:00:00Z", "correct it"),
    ("no such hour", "codes", "valid_from", "2026-02-28T24:00:00Z", "correct it"),
    ("seven decimals of a second", "codes", "valid_from", "2026-02-28T23:00:00.1234567Z", "is no instant"),
    ("an instant before all time", "codes", "valid_from", "0001-01-01T00:00:00+01:00", "correct it"),
    ("no instant at all", "codes", "compromised_at", "soon", "'soon' is no instant"),
    ("an unknown policy", "codes", "credit_policy", "best_wins", "code_wins, link_wins, if_involved, if_winner"),
    ("an unknown influencer of a link", "links", "influencer_id", "bob", "'bob' is not in influencers.csv"),
    ("an unknown campaign of a link", "links", "campaign_id", "winter", "'winter' is not in"),
    ("an unknown link", "deliverables", "required_link_id", "l-9", "'l-9' is not in links.csv"),
    ("an unknown plan of a campaign", "campaigns", "commission_plan_id", "twenty", "'twenty' is not in"),
    ("a time zone that is none", "campaigns", "timezone", "Berlin", "Europe/Berlin"),
    ("a path instead of a time zone", "campaigns", "timezone", "../UTC", "no time zone"),
    ("a currency in small letters", "campaigns", "currency", "eur", "ISO 4217"),
    ("an empty currency", "campaigns", "currency", "", "fill it"),
    ("a campaign without an end", "campaigns", "ends_at", "", "fill it"),
    ("negative days", "campaigns", "baseline_days", "-1", "less than 0"),
    ("half a follower", "influencers", "followers", "1.5", "'1.5' is no whole number"),
    ("negative followers", "influencers", "followers", "-1", "less than 0"),
    ("followers beyond 64 bits", "influencers", "followers", str(2**63), "at most"),
    ("an unknown tier", "influencers", "tier", "huge", "nano, micro, mid, macro, mega"),
    ("an unknown partnership", "influencers", "partnership_type", "friend", "gifting"),
    ("an empty name", "influencers", "name", "", "fill it"),
    ("a negative cost", "costs", "amount", "-5", "negative"),
    ("a cost without an amount", "costs", "amount", "", "fill it"),
    ("a thousands comma", "costs", "amount", "1,000", "'1,000' is no amount"),
    ("a tenth of a cent", "costs", "amount", "5.001", "5.001 has 3 decimals, EUR has 2"),
    ("decimals beyond any currency", "costs", "amount", "5.00001", "any currency"),
    ("a currency that nobody pays in", "costs", "currency", "XXX", "ISO 4217"),
    ("an unknown category", "costs", "category", "gift", "fee, product, shipping"),
    ("an unknown payee", "costs", "influencer_id", "bob", "'bob' is not in"),
    ("30 February", "costs", "incurred_on", "2026-02-30", "correct it"),
    ("a day without dashes", "costs", "incurred_on", "20260301", "2026-03-01"),
    ("a day with a time", "costs", "incurred_on", "2026-03-01T00:00:00Z", "is no day"),
    ("a rate of zero", "fx_rates", "rate", "0", "not more than 0"),
    ("a negative rate", "fx_rates", "rate", "-1", "not more than 0"),
    ("an exponent", "fx_rates", "rate", "1e3", "'1e3' is no number"),
    ("no number", "fx_rates", "rate", "NaN", "'NaN' is no number"),
    ("nineteen decimals", "fx_rates", "rate", "0.0000000000000000001", "at most 18 decimals"),
    ("an unknown metric", "targets", "metric", "fame", "impressions"),
    ("a negative goal", "targets", "target", "-1", "less than 0"),
    ("a negative price", "rate_card", "cpm", "-7", "less than 0"),
    ("a negative spend", "channels", "spend", "-7", "negative"),
    ("half a cent of revenue", "channels", "revenue", "80.005", "EUR has 2"),
    ("a score above 1", "audience_quality", "score", "1.01", "more than 1"),
    ("a score below 0", "audience_quality", "score", "-0.1", "less than 0"),
    ("an unknown kind of plan", "commission_plans", "kind", "bonus", "percent, flat, tiered"),
    ("half a cent of a cap", "commission_plans", "cap", "500.005", "EUR has 2"),
]


@pytest.mark.parametrize(
    ("table", "column", "cell", "advice"), [pytest.param(*fault, id=case) for case, *fault in FAULTS]
)
def test_a_broken_cell_is_named_with_its_place_and_what_to_do(reference_folder, table, column, cell, advice):
    first, *others = reference_folder.rows(table)
    reference_folder.write_rows(table, [{**first, column: cell}, *others])
    with pytest.raises(BadInput) as raised:
        reference_folder.load()
    place = f"- {table}.csv, row 2, column {column}:"
    assert any(line.startswith(place) and advice in line for line in str(raised.value).splitlines()), raised.value


def test_the_decimals_of_an_amount_are_those_of_its_currency(reference_folder):
    first, *others = reference_folder.rows("costs")
    reference_folder.write_rows("costs", [{**first, "currency": "JPY"}, *others])
    with pytest.raises(BadInput, match=r"- costs\.csv, row 2, column amount: 500\.00 has 2 decimals, JPY has 0"):
        reference_folder.load()
