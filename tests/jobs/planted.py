"""A world with a person in it, wherever one may stand, and a search of every file for what is left of them."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pyarrow.parquet as pq

from pipelines.testing import write_topic
from tests.jobs.worlds import REFERENCE

CUSTOMER, VISITOR = "cust-7f3a91", "visit-55aa01"
EMAIL, PHONE, NAME = "wilma.z@example.com", "+4915112345678", "Wilhelmine Zauberberg"
OTHER_WORDS = (EMAIL, PHONE, NAME)
PERSON = (CUSTOMER, VISITOR, *OTHER_WORDS, "WilmaPhone", "203.0.113.77")
ANA = "cust-ana"
LINK = "https://shop.example/?utm_source=ig&utm_campaign=spring"
DAY = "2026-03-10T"


def click(number: int, visitor: str, url: str = LINK, **more: object) -> dict[str, object]:
    sent = {"event_id": f"click-{number}", "occurred_at": f"{DAY}10:{number:02}:00Z", "visitor_id": visitor, "url": url}
    return sent | more


def order(number: int, kind: str = "placed", **more: object) -> dict[str, object]:
    sent = {"event_id": f"order-event-{number}-{kind}", "occurred_at": f"{DAY}12:{number:02}:00Z", "kind": kind}
    money = {} if kind == "refunded" else {"currency": "USD", "subtotal": "100.00", "discount": "5.00"}
    return sent | {"order_id": f"order-{number}"} | money | more


def plant(root: Path) -> None:
    """Writes the world's reference data and topics."""
    (root / "reference").mkdir(parents=True)
    for table, content in REFERENCE.items():
        (root / "reference" / f"{table}.csv").write_text(content)
    odd = f"{LINK}&utm_content={CUSTOMER}&utm_term={NAME.replace(' ', '+')}&mail={EMAIL.replace('@', '%40')}"
    write_topic(
        root,
        "clicks",
        [
            click(1, VISITOR, odd, ip="203.0.113.77", referrer=f"https://mail.example/?q={NAME}"),
            click(2, VISITOR, user_agent="WilmaPhone/1.0", customer_id=CUSTOMER, phone=PHONE),
            click(3, VISITOR, "https://shop.example/account/%63ust-7f3a91?utm_source=WilmaPhone-card"),
            click(4, "visit-other1", f"https://shop.example/friends?of={CUSTOMER}", referrer="https://news.example/"),
            click(5, "visit-other2", link_id="l-ana"),
            click(6, "visit-other1", f"{LINK}&utm_content=newsletter"),
            json.dumps(click(7, VISITOR, "x" * 5000)).encode(),
            f'{{"event_id":"click-8","visitor_id":"{VISITOR}","nam'.encode(),
        ],
    )
    write_topic(
        root,
        "orders",
        [
            order(1, customer_id=CUSTOMER, visitor_id=VISITOR, survey_answer=f"{NAME}, call me at {PHONE}"),
            order(2, customer_id=CUSTOMER, visitor_id=VISITOR, codes=["WINNER"], is_new_customer=False),
            order(3, visitor_id=VISITOR, subtotal="20.00", survey_answer="a guest, with the same browser"),
            order(4, customer_id="cust-other", visitor_id="visit-other1", survey_answer="from the radio"),
            order(5, customer_id="cust-other", visitor_id="visit-other2", codes=["LINK"]),
            order(6, customer_id=ANA, visitor_id="visit-other2", codes=["ALEX20"]),
            order(1, "refunded", refund_amount="12.50"),
            order(2, "refunded", refund_amount="1.00", customer_id=CUSTOMER),
            order(7, customer_id=CUSTOMER, subtotal="12,50", note=f"ask {NAME}, {PHONE}"),
            b'{"order_id":"order-8","customer_id":"\\u0063ust-7f3a91","kind":"plac',
            b'["' + EMAIL.encode() + b'", "cust%2D7f3a91"]',
        ],
    )
    redeemed = {"occurred_at": f"{DAY}12:02:00Z", "order_id": "order-2", "code": "LINK", "visitor_id": VISITOR}
    write_topic(root, "redemptions", [redeemed | {"event_id": "redemption-1", "customer_id": CUSTOMER}])
    post = {"occurred_at": f"{DAY}09:00:00Z", "post_id": "p", "influencer_id": "ana", "platform": "instagram"}
    caption = f"Thank you {NAME}! #ad"
    write_topic(root, "post_metrics", [post | {"event_id": "m1", "content_type": "reel", "caption": caption}])


def places_of(root: Path, words: tuple[str, ...], but: tuple[str, ...] = ()) -> set[str]:
    """`file: word` for every word that stands anywhere below `root`, whatever is encoded; not in the folders `but`."""
    found = set()
    for file in sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink()):
        name = str(file.relative_to(root))
        if not name.startswith(but or ("\0",)):
            texts = "\n".join(_texts(file)).casefold()
            found |= {f"{name}: {word}" for word in words if word.casefold() in texts}
    return found


def _texts(file: Path) -> Iterator[str]:
    """The file's bytes, and what they mean to whoever can read them."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    plain = content.decode("utf-8", "replace")
    yield from (plain, unquote(plain.replace("+", " ")), unquote(plain))
    if "\\u" in plain:
        yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), plain)
    if file.suffix == ".parquet":
        rows = pq.read_table(file).to_pylist()
        yield from map(repr, rows)
        yield from (unquote(repr(row)) for row in rows)
    if file.suffix == ".duckdb":
        with duckdb.connect(str(file), read_only=True) as connection:
            tables = "select schema_name, table_name from duckdb_tables()"
            for schema, table in connection.sql(tables).fetchall():
                yield from map(repr, connection.sql(f'select * from "{schema}"."{table}"').fetchall())
