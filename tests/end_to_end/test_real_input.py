"""A real web log and a real shop's invoices: all of it lands, to the penny, shuffled and repeated too."""

import random
from pathlib import Path
from shutil import copytree

import pytest

from pipelines.stores.lake import Lake
from pipelines.testing import assert_money_adds_up, current_attributions, drain
from tests.jobs import oracle

REAL = Path(__file__).parents[3] / "shared" / "real"
SUBTOTAL = 18_542_783  # pence, of all that was placed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL.is_dir(), reason=f"NOT TESTED, real input: there is no {REAL.parent.name}/{REAL.name}"),
]


@pytest.fixture
def real(tmp_path):
    for folder in ("topics", "reference"):
        copytree(REAL / folder, tmp_path / folder, copy_function=lambda a, b: Path(b).write_bytes(Path(a).read_bytes()))
    for file in (tmp_path, *tmp_path.rglob("*")):
        file.chmod(0o755)
    return tmp_path


def distinct(lake, topic, *identity):
    return lake.read(topic).unique(identity)


def test_all_of_it_lands(real):
    drain(real)
    lake = Lake(real / "lake")
    assert (lake.rows("clicks"), lake.rows("orders"), lake.rows("rejected_events")) == (4525, 513, 0)
    orders = lake.read("orders")
    assert dict(orders["kind"].value_counts().rows()) == {"placed": 470, "refunded": 43}
    assert orders.filter(kind="placed", currency="GBP")["subtotal_minor"].sum() == SUBTOTAL
    assert current_attributions(lake)["subtotal_minor"].sum() == SUBTOTAL
    assert_money_adds_up(lake)


def test_all_of_it_lands_shuffled_and_a_third_of_it_twice(real):
    expected = oracle.attributed(real)
    chance = random.Random(2015)
    for topic in ("clicks", "orders"):
        file = real / "topics" / f"{topic}.ndjson"
        lines = file.read_text().splitlines()
        lines += chance.sample(lines, len(lines) // 3)
        chance.shuffle(lines)
        file.write_text("\n".join(lines) + "\n")
    drain(real, block_messages=700)
    lake = Lake(real / "lake")
    assert (lake.rows("clicks"), lake.rows("orders"), lake.rows("rejected_events")) == (6033, 684, 0)
    assert distinct(lake, "clicks", "event_id", "visitor_id").height == 4525
    orders = distinct(lake, "orders", "event_id", "order_id")
    assert orders.filter(kind="placed")["subtotal_minor"].sum() == SUBTOTAL
    current = current_attributions(lake)
    assert current["subtotal_minor"].sum() == SUBTOTAL
    money = dict(current.select("order_id", "net_minor").rows())
    assert money == {order_id: order["net_minor"] for order_id, order in expected.items()}
