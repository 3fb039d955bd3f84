"""Topic files that are not what they were: exit 2 with the file and what to do, before anything is written."""

import gzip

import pytest

ORDER = '{"event_id":"e2","occurred_at":"2026-03-11T10:00:00Z","order_id":"ORD-2","kind":"placed",'
ORDER += '"currency":"EUR","subtotal":"10.00"}\n'


def both_forms(topics):
    (topics / "orders").mkdir()
    (topics / "orders" / "more.ndjson").write_text(ORDER)


def shrunken(topics):
    (topics / "orders.ndjson").write_text(ORDER[:20])


def changed(topics):
    text = (topics / "orders.ndjson").read_text()
    (topics / "orders.ndjson").write_text(text.replace("59.90", "99.90"))


def vanished(topics):
    (topics / "orders.ndjson").unlink()


CASES = {
    "a topic in both forms": (both_forms, "orders"),
    "a file that shrank": (shrunken, "orders.ndjson"),
    "a file that was edited": (changed, "orders.ndjson"),
    "a file that vanished": (vanished, "orders.ndjson"),
}


@pytest.mark.parametrize(("spoil", "named"), CASES.values(), ids=CASES)
def test_the_file_is_named_and_nothing_is_written(codetrail_here, shop, listing, spoil, named):
    spoil(shop / "topics")
    before = listing(shop)
    ended = codetrail_here("--workspace", shop, "run")
    assert ended.code == 2
    assert named in ended.err
    assert ended.out == ""
    assert listing(shop) == before


def test_a_new_file_must_sort_last_and_then_is_read(codetrail_here, inputs, listing):
    topics = inputs / "topics"
    (topics / "orders").mkdir()
    (topics / "orders.ndjson").rename(topics / "orders" / "2026-03.ndjson")
    assert codetrail_here("--workspace", inputs, "run").code == 0
    (topics / "orders" / "2026-02.ndjson").write_text(ORDER)
    before = listing(inputs)
    refused = codetrail_here("--workspace", inputs, "run")
    assert refused.code == 2
    assert "2026-02.ndjson" in refused.err
    assert "rename" in refused.err
    assert listing(inputs) == before
    (topics / "orders" / "2026-02.ndjson").unlink()
    with gzip.open(topics / "orders" / "2026-04.ndjson.gz", "wt") as file:
        file.write(ORDER)
    read = codetrail_here("--workspace", inputs, "run")
    assert read.code == 0
    assert "1 messages: 1 landed" in read.out
    assert "0 messages" in codetrail_here("--workspace", inputs, "run").out


def test_a_gzip_file_that_is_none_is_named(codetrail_here, inputs):
    topics = inputs / "topics"
    (topics / "clicks.ndjson").unlink()
    (topics / "clicks").mkdir()
    (topics / "clicks" / "1.ndjson.gz").write_text(ORDER)
    ended = codetrail_here("--workspace", inputs, "run")
    assert ended.code == 2
    assert "1.ndjson.gz" in ended.err
