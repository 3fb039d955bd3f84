"""Export: a real object store holds the published marts, row for row, and a failure is named and finished later."""

import json
import os

import polars as pl
import pytest
from deltalake import DeltaTable

from pipelines.failures import BadInput, ExportFailed
from pipelines.warehouse.export import VERSION, export
from pipelines.warehouse.versions import current_version
from tests.warehouse.object_store import object_store

URI = "s3://marts/shop"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with object_store(tmp_path_factory.mktemp("store")) as options:
        yield options


def assert_holds(uri: str, folder, rows: dict[str, int], options: dict[str, str]) -> None:
    for mart in rows:
        there = pl.from_arrow(DeltaTable(f"{uri}/{mart}", storage_options=options).to_pyarrow_table())
        here = pl.read_parquet(folder / f"{mart}.parquet")
        assert there.schema == here.schema
        assert there.sort(pl.all(), maintain_order=False).equals(here.sort(pl.all()))


def test_every_mart_is_there_row_for_row_and_nothing_is_written_twice(readme_shop, store):
    folder, version = current_version(readme_shop.root)
    first = export(readme_shop.root, f"{URI}/", store)
    assert (first.uri, first.version, first.written, first.unchanged) == (URI, 1, len(version.rows), 0)
    assert first.rows == sum(version.rows.values()) > 0
    assert_holds(URI, folder, version.rows, store)
    again = export(readme_shop.root, URI, store)
    assert (again.written, again.unchanged, again.rows) == (0, len(version.rows), 0)


def test_a_new_version_takes_the_place_of_the_old_and_what_stayed_behind_is_made_up_for(codetrail_here, shop, store):
    uri = "s3://marts/again"
    export(shop, uri, store)
    assert codetrail_here("--workspace", shop, "publish").code == 0
    folder, version = current_version(shop)
    assert version.version == 2
    assert export(shop, uri, store).written == len(version.rows)
    assert_holds(uri, folder, version.rows, store)
    orders = DeltaTable(f"{uri}/fct_orders", storage_options=store)
    assert [commit[VERSION] for commit in orders.history()] == ["2", "1"]
    orders.restore(0)  # as if an export had broken off before it
    assert export(shop, uri, store).written == 1


def test_the_command_takes_its_login_from_the_environment_and_tells_no_secret(codetrail, shop, store):
    told = codetrail("--workspace", shop, "export", "s3://marts/told", "--json", env=store)
    assert told.code == 0, told.err
    assert json.loads(told.out)["written"] > 0
    orders = DeltaTable("s3://marts/told/fct_orders", storage_options=store).to_pyarrow_table()
    assert orders["order_id"].to_pylist() == ["ORD-1"]
    address = store["AWS_ENDPOINT_URL"]
    refused = codetrail(
        *("--workspace", shop, "export", "s3://marts/other", "--storage-option", "AWS_SECRET_ACCESS_KEY=another"),
        env=store,
    )
    assert refused.code == 3
    assert "s3://marts/other/dim_campaign cannot be written" in refused.err
    assert address in refused.err
    assert "\x1b" not in refused.err
    assert store["AWS_SECRET_ACCESS_KEY"] not in refused.err
    wrong = codetrail("--workspace", shop, "export", "s3://marts/other", "--storage-option", "region")
    assert (wrong.code, "NAME=VALUE" in wrong.err) == (2, True)


def test_a_folder_is_a_place_too(readme_shop, tmp_path):
    folder, version = current_version(readme_shop.root)
    export(readme_shop.root, str(tmp_path / "there"), {})
    assert_holds(str(tmp_path / "there"), folder, version.rows, {})


def test_what_cannot_be_written_is_named_and_what_is_not_published_is_not_exported(readme_shop, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ExportFailed, match=r"file/dim_campaign cannot be written: .+ run `codetrail export` again"):
        export(readme_shop.root, str(tmp_path / "file"), {})
    with pytest.raises(ExportFailed, match="foo://"):
        export(readme_shop.root, "foo://there", {})
    with pytest.raises(BadInput, match="nothing is published"):
        export(tmp_path, str(tmp_path / "there"), {})
    assert "AWS_ENDPOINT_URL" not in os.environ
