"""Downloads: each table of the page, as the view shows it, as a file."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pipelines.monitor.files import as_csv, as_parquet
from pipelines.monitor.ordering import whole_order_list
from pipelines.monitor.site import NotThere, Site, campaign_of, site_of
from pipelines.monitor.tables import NAMES, Table, order_table, table_of
from pipelines.monitor.view import WrongQuery, chosen_campaign, view_of

MOST_ORDERS = 100_000  # in one file; whoever wants more takes the mart
FORMS = {
    "csv": ("text/csv; charset=utf-8; header=present", as_csv),
    "parquet": ("application/vnd.apache.parquet", as_parquet),
}


async def downloads(request: Request) -> Response:
    """The file `<table>.<csv or parquet>`; its parameters are those of the page that shows the table."""
    name, _, form = request.path_params["file"].rpartition(".")
    if name not in NAMES or form not in FORMS:
        raise NotThere(f"there is no such file; there are {', '.join(NAMES)}, each as .csv and as .parquet")
    parameters = request.query_params.multi_items()
    media, written = FORMS[form]
    body = await run_in_threadpool(lambda: written(_table(site_of(request), name, parameters)))
    kept = {"Content-Disposition": f'attachment; filename="codetrail-{name}.{form}"'}
    return Response(body, headers=kept, media_type=media)


def _table(site: Site, name: str, parameters: list[tuple[str, str]]) -> Table:
    snapshot = site.watched.snapshot
    if name == "orders":
        query = whole_order_list(parameters, MOST_ORDERS)
        campaign_of(snapshot, query.campaign_id)
        found = site.watched.orders(query)
        if found.total > MOST_ORDERS:
            raise WrongQuery(
                f"{found.total:,} orders are more than the {MOST_ORDERS:,} that a file holds: narrow them with since "
                "and until, or open fct_orders of the published marts, which has them all"
            )
        return order_table(found.rows)
    campaign_id, others = chosen_campaign(parameters)
    view = view_of(campaign_id, others)
    return table_of(name, snapshot, campaign_of(snapshot, campaign_id), view)
