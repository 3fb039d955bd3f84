"""Restate and whatif on the demo: today's column is what is published, and a dry run says what is then done."""

import json
import shutil
from decimal import Decimal

import duckdb
import pytest

from pipelines.failures import BadInput

UNMOVED = ("orders", "net_revenue", "commission", "cost", "roi_pct")
PUBLISHED = """
select influencer_id, campaign_id, orders, net_revenue, commission, cost_total, roi_pct
from read_parquet(?) where model = ? and influencer_id is not null
"""


@pytest.fixture
def shop_with_late_code(demo, tmp_path):
    """The demo's inputs and lake, and a code in its reference data that people used before it was there."""
    root = tmp_path / "shop"
    shutil.copytree(demo.root, root, ignore=shutil.ignore_patterns("published", "build*", "data_docs"), symlinks=True)
    query = """
        select claim.code from (
            select unnest(claims) as claim from read_parquet(?)
        ) where claim.reason = 'unknown_code' group by all order by count(*) desc, claim.code limit 1
    """
    ((code,),) = duckdb.execute(query, [str(root / "lake" / "order_attributions" / "*.parquet")]).fetchall()
    codes = root / "reference" / "codes.csv"
    holder = codes.read_text().splitlines()[1].split(",")[1:3]
    with codes.open("a") as file:
        file.write(",".join([code, *holder, *[""] * (codes.read_text().splitlines()[0].count(",") - 2)]) + "\n")
    return root, code, holder[0]


@pytest.mark.slow
def test_today_is_what_is_published_and_nothing_is_written(codetrail_here, demo, listing):
    before = listing(demo.root)
    asked = ("whatif", "--preset", "impact-if-winner", "--window", "7d", "--model", "linear", "--json")
    ended = codetrail_here("--workspace", demo.root, *asked)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    folder = (demo.root / "published" / "current").resolve()
    rows = duckdb.execute(PUBLISHED, [str(folder / "fct_influencer_roi.parquet"), "linear"]).fetchall()
    published = {tuple(row[:2]): row[2:] for row in rows}
    today = {
        (one["influencer_id"], one["campaign_id"]): (
            one["before"]["orders"],
            *(Decimal(one["before"][name]) for name in ("net_revenue", "commission", "cost")),
            one["before"]["roi_pct"],
        )
        for one in told["moved"]["campaigns"]
        if one["influencer_id"] is not None
    }
    assert today.keys() == published.keys()
    for key, figures in published.items():
        assert today[key][:4] == figures[:4]
        assert today[key][4] == pytest.approx(figures[4]) if figures[4] is not None else today[key][4] is None
    assert told["preset"]["policy"] == "if_winner"
    assert told["moved"]["orders_moved"] > 0
    assert listing(demo.root) == before


@pytest.mark.slow
def test_a_late_code_brings_its_orders_back_with_a_trail(codetrail_here, shop_with_late_code):
    root, code, holder = shop_with_late_code
    dry = json.loads(codetrail_here("--workspace", root, "restate", "--dry-run", "--json").out)
    assert (dry["epoch"], dry["restated_at"]) == (None, None)
    done = json.loads(codetrail_here("--workspace", root, "restate", "--json").out)
    assert done["moved"] == dry["moved"]
    assert done["restated"] == dry["restated"] == done["moved"]["orders_moved"] > 0
    assert {change["table"] for change in done["changes"]} == {"codes"}
    back = next(one for one in done["moved"]["influencers"] if one["influencer_id"] == holder)
    gained = [one["after"].get(holder, "0") for one in done["moved"]["orders"]]
    assert sum(map(Decimal, gained)) == Decimal(back["difference"]["net_revenue"])
    told = json.loads(
        codetrail_here("--workspace", root, "explain", done["moved"]["orders"][0]["order_id"], "--json").out
    )
    assert told["revisions"][-1]["cause"] == "reference"
    assert told["winner"]["code"] == code
    listed = json.loads(codetrail_here("--workspace", root, "reference", "list", "--json").out)
    assert [one["orders"] for one in listed][-1] == done["restated"]
    [of, to] = [one["reference_version"] for one in listed]
    diff = json.loads(codetrail_here("--workspace", root, "reference", "diff", of[:8], to[:8], "--json").out)
    assert diff["changes"] == done["changes"]
    shown = json.loads(codetrail_here("--workspace", root, "reference", "show", of, "codes", "--json").out)
    assert code not in {row["code"] for row in shown}


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("whatif", "--preset", "link-wins", "--policy", "link_wins"), "leave --policy out"),
        (("whatif", "--window", "a week"), "write it as 7d or 12h"),
        (("restate",), "holds no lake yet"),
        (("whatif", "--policy", "link_wins"), "holds no lake yet"),
        (("reference", "list"), "holds no lake yet"),
    ],
)
def test_what_cannot_be_asked_is_refused(codetrail_here, tmp_path, command, says):
    ended = codetrail_here("--workspace", tmp_path, *command)
    assert ended.code == BadInput.exit_code
    assert says in ended.err
