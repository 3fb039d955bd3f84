"""Each table of the page as a file, as the view shows it."""

import csv
import io

import pyarrow.parquet as pq
import pytest

from pipelines.monitor import downloads
from pipelines.monitor.tables import NAMES
from tests.monitor.reading import read
from tests.monitor.snapshots import empty_snapshot, with_row


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


@pytest.mark.parametrize("name", NAMES)
def test_both_files_of_a_table_hold_the_same_rows(client, name):
    table, parquet = (client.get(f"/downloads/{name}.{form}") for form in ("csv", "parquet"))
    assert table.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert parquet.headers["content-type"] == "application/vnd.apache.parquet"
    assert table.headers["content-disposition"] == f'attachment; filename="codetrail-{name}.csv"'
    told, kept = rows_of(table), pq.read_table(io.BytesIO(parquet.content))
    assert list(told[0]) == kept.column_names
    assert len(told) == kept.num_rows > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_empty_workspace_gives_files_with_heads_alone(client, watched, name, form):
    watched.snapshot, watched.order_count = empty_snapshot(), 0
    assert client.get(f"/downloads/{name}.{form}").status_code == 200


def test_a_file_has_the_rows_that_the_page_shows_in_their_order(client):
    query = {"campaign": "spring", "sort": "roas", "order": "asc", "platform": "tiktok", "model": "linear"}
    found = [row["handle"] for row in rows_of(client.get("/downloads/influencers.csv", params=query))]
    del query["campaign"]
    shown = read(client.get("/campaigns/spring", params=query).text).by_id["influencer-table"]
    assert found == ["thegreenfork", "fitwithjonas"]
    assert shown.index("thegreenfork") < shown.index("fitwithjonas")


def test_the_page_s_own_links_lead_to_the_files_of_its_view(client):
    links = read(client.get("/campaigns/spring", params={"by": "day", "model": "last"}).text).hrefs
    wanted = [link for link in links if link.startswith("/downloads/")]
    assert {link.partition("?")[0] for link in wanted} >= {"/downloads/influencers.csv", "/downloads/course.parquet"}
    assert {link.partition("?")[2] for link in wanted} == {"model=last&by=day&campaign=spring"}
    assert len(rows_of(client.get(next(link for link in wanted if "course.csv" in link)))) == 30


def test_hostile_texts_are_no_formulas_in_a_file(client, watched):
    watched.snapshot = with_row(handle="=cmd()", name="@name", influencer_id="-x", platform="+1 2", net_revenue=-5)
    row = rows_of(
        client.get("/downloads/influencers.csv", params={"campaign": "spring", "sort": "net_revenue", "order": "asc"})
    )[0]
    assert (row["handle"], row["name"], row["influencer_id"], row["platform"]) == ("'=cmd()", "'@name", "'-x", "'+1 2")
    assert row["net_revenue"] == "-5"


def test_a_list_of_orders_is_downloaded_whole_under_its_filters(client, watched):
    assert len(rows_of(client.get("/downloads/orders.csv", params={"campaign": "spring", "status": "settled"}))) == 250
    assert (watched.queries[-1].campaign_id, watched.queries[-1].status) == ("spring", "settled")


def test_more_orders_than_a_file_holds_are_refused_with_the_way_on(client, watched, monkeypatch):
    monkeypatch.setattr(downloads, "MOST_ORDERS", 249)
    answer = client.get("/downloads/orders.csv")
    assert answer.status_code == 400
    assert "250 orders" in answer.text
    assert "fct_orders" in answer.text


@pytest.mark.parametrize(
    "path", ["/downloads/orders.csv?page=2", "/downloads/signals.csv?modle=x", "/downloads/orders.csv?campaign=no"]
)
def test_what_there_is_not_is_refused(client, path):
    assert client.get(path).status_code in (400, 404)
