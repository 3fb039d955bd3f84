"""Both clients on a real broker: what is there is read once and in order, and what is not there is told."""

import time
from contextlib import ExitStack, closing
from itertools import count

import pytest
from kafka import KafkaProducer

from pipelines.failures import FAILURES, KafkaRefused, OffsetGone
from pipelines.stores.kafka import open_reader
from pipelines.stores.kafka_connection import PASSWORD, Connection

CLIENTS = ("kafka-python", "confluent-kafka")
SOON = 20.0  # seconds within which what is there must have come
MIB = 1 << 20
KEPT = {"retention.ms": "-1"}  # the messages here are as old as time itself
numbers = count()


@pytest.fixture(params=CLIENTS)
def client(request):
    return request.param


@pytest.fixture
def connection(broker, client):
    return Connection(broker.bootstrap_servers, client, request_timeout_seconds=5)


@pytest.fixture
def topic(broker):
    """Makes a topic of one partition with these settings, and returns its name."""

    def make(**config):
        name = f"read-{next(numbers)}"
        broker.create_topic(name, 1, KEPT | {key.replace("_", "."): value for key, value in config.items()})
        return name

    return make


@pytest.fixture
def send(broker):
    """Sends values to the topic's partition, each with a second more on its clock than the last."""

    def send_all(topic, values, key=None, to=broker, **options):
        with closing(KafkaProducer(**to.client_settings(), **options)) as producer:
            for second, value in enumerate(values):
                producer.send(topic, value, key=key, partition=0, timestamp_ms=1000 * second)
            producer.flush()

    return send_all


@pytest.fixture
def closed_afterwards():
    with ExitStack() as stack:
        yield lambda reader: stack.enter_context(closing(reader))


@pytest.fixture
def opened(connection, closed_afterwards):
    """A reader of the topic's partition 0, or of another, or by another connection."""

    def open_at(topic, offset=0, by=connection, partition=0):
        return closed_afterwards(open_reader(by, topic, partition, offset))

    return open_at


def blocks_up_to(reader, end, size=1000, seconds=0.1):
    """The blocks up to an offset, and not one more."""
    blocks = []
    until = time.monotonic() + SOON
    while reader.position < end:
        assert time.monotonic() < until, f"at {reader.position} of {end}"
        if block := reader.block(size, seconds):
            blocks.append(block)
    return blocks


def payloads(blocks):
    return [payload for block in blocks for payload in block.payloads]


def values(number):
    return [b'{"n": %d}' % n for n in range(number)]


def test_every_message_comes_once_in_order_with_its_time(topic, send, opened):
    name, sent = topic(), values(2500)
    send(name, sent)
    blocks = blocks_up_to(opened(name), 2500, size=1000)
    assert payloads(blocks) == sent
    assert [offset for block in blocks for offset in block.offsets] == list(range(2500))
    assert [at for block in blocks for at in block.sent_at] == [1_000_000 * second for second in range(2500)]
    assert {(block.topic, block.partition) for block in blocks} == {(name, 0)}
    assert [block.start for block in blocks] == [0, *(block.end for block in blocks[:-1])]
    assert max(len(block.offsets) for block in blocks) == 1000


def test_a_reader_starts_where_it_is_told_and_asks_for_more_later(topic, send, opened):
    name = topic()
    send(name, values(100))
    reader = opened(name, 60)
    assert payloads(blocks_up_to(reader, 100)) == values(100)[60:]
    assert reader.block(10, 0.1) is None
    send(name, [b"later"])
    assert payloads(blocks_up_to(reader, 101)) == [b"later"]
    assert reader.seconds_without_broker() < 1


def test_a_block_ends_when_its_time_is_up(topic, send, opened):
    name = topic()
    send(name, values(3))
    reader = opened(name)
    (block,) = blocks_up_to(reader, 3, size=1_000_000)
    assert (block.start, block.end) == (0, 3)


def test_a_transaction_leaves_a_hole_and_an_aborted_one_nothing_else(broker, topic, opened):
    name = topic()
    with closing(KafkaProducer(**broker.client_settings(), transactional_id=name)) as producer:
        producer.init_transactions()
        for value, end in [
            (b"kept", producer.commit_transaction),
            (b"taken back", producer.abort_transaction),
            (b"kept too", producer.commit_transaction),
        ]:
            producer.begin_transaction()
            producer.send(name, value, partition=0)
            producer.flush()
            end()
    blocks = blocks_up_to(opened(name), 6)  # each transaction ends with a marker that has an offset
    assert payloads(blocks) == [b"kept", b"kept too"]
    assert [offset for block in blocks for offset in block.offsets] == [0, 4]
    assert blocks[-1].end == 6


def test_an_open_transaction_is_not_read(broker, topic, opened):
    name = topic()
    reader = opened(name)
    with closing(KafkaProducer(**broker.client_settings(), transactional_id=name)) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(name, b"perhaps", partition=0)
        producer.flush()
        assert reader.block(1, 0.4) is None
        producer.abort_transaction()
    assert payloads(blocks_up_to(reader, 2)) == []


def test_a_null_value_is_a_message_of_no_bytes(topic, send, opened):
    name = topic()
    send(name, [b"{}", None, b""], key=b"one key")
    assert payloads(blocks_up_to(opened(name), 3)) == [b"{}", b"", b""]


@pytest.mark.parametrize("size", [MIB + MIB // 2, 9 * MIB])
def test_a_message_beyond_the_fetch_size_is_read_all_the_same(topic, send, opened, size):
    name = topic(max_message_bytes=str(16 * MIB))
    large = [b"before", b"x" * size, b"after"]
    send(name, large, max_request_size=16 * MIB, compression_type="gzip")  # a checksum in Python is slow
    assert payloads(blocks_up_to(opened(name), 3)) == large


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_a_compressed_message_is_read(topic, send, opened, compression):
    name = topic()
    send(name, values(500), compression_type=compression)
    assert payloads(blocks_up_to(opened(name, 200), 500)) == values(500)[200:]


def test_an_offset_that_was_deleted_is_told_with_what_is_left(broker, topic, send, opened):
    name = topic()
    send(name, values(50))
    broker.delete_records(name, 0, 30)
    reader = opened(name, 10)
    with pytest.raises(OffsetGone, match=f"{name}/0: offset 10 .* 30: 20 offsets are gone") as told:
        blocks_up_to(reader, 50)
    gone = told.value
    assert (gone.topic, gone.partition, gone.wanted, gone.first, gone.end) == (name, 0, 10, 30, 50)
    assert gone.exit_code == 3
    assert reader.position == 10
    assert str(FAILURES["OffsetGone"](str(gone))) == str(gone)
    with pytest.raises(OffsetGone):  # it does not move by itself
        blocks_up_to(reader, 50)


def test_an_offset_beyond_the_end_is_told_as_another_partition(topic, send, opened):
    name = topic()
    send(name, values(5))
    with pytest.raises(OffsetGone, match="ends at 5: the topic was made anew or cut, or this is another") as told:
        blocks_up_to(opened(name, 6), 7)
    assert (told.value.wanted, told.value.first, told.value.end) == (6, 0, 5)


def test_the_end_itself_is_no_failure(topic, send, opened):
    name = topic()
    send(name, values(5))
    assert opened(name, 5).block(1, 0.5) is None


@pytest.mark.parametrize("partition", [0, 7])
def test_what_is_not_there_is_nothing_and_is_not_made(broker, send, opened, partition):
    name = f"absent-{next(numbers)}"
    if partition:
        broker.create_topic(name, 1)
    reader = opened(name, partition=partition)
    assert reader.block(1, 0.4) is None
    assert reader.block(1, 0.2) is None
    with broker.admin() as admin:
        assert len(admin.describe_topics([name])[0]["partitions"]) == (1 if partition else 0)


def test_a_topic_that_is_made_later_is_read_then(broker, send, opened):
    name = f"later-{next(numbers)}"
    reader = opened(name)
    assert reader.block(1, 0.5) is None
    broker.create_topic(name, 1, KEPT)
    send(name, values(2))
    assert payloads(blocks_up_to(reader, 2)) == values(2)


def test_a_broker_that_dies_and_comes_back_loses_and_repeats_nothing(new_broker, send, closed_afterwards):
    mortal = new_broker()
    mortal.create_topic("mortal", 1, KEPT)
    send("mortal", values(1000), to=mortal, acks="all")
    by = [Connection(mortal.bootstrap_servers, client, request_timeout_seconds=5) for client in CLIENTS]
    at_work, at_start = (
        [closed_afterwards(open_reader(connection, "mortal", 0, offset)) for connection in by] for offset in (0, 990)
    )
    read = [blocks_up_to(reader, 400, size=200) for reader in at_work]
    mortal.kill()
    for blocks, reader in zip(read, at_work, strict=True):
        while block := reader.block(200, 0.1):  # what the client had fetched already
            blocks.append(block)
    wait_until(lambda: all(reader.seconds_without_broker() > 0.5 for reader in at_work + at_start), at_work + at_start)
    mortal.restart()
    send("mortal", [b"afterwards"], to=mortal, acks="all")
    for blocks, reader in zip(read, at_work, strict=True):
        assert payloads(blocks + blocks_up_to(reader, 1001)) == [*values(1000), b"afterwards"]
    for reader in at_start:
        assert payloads(blocks_up_to(reader, 1001)) == [*values(1000)[990:], b"afterwards"]
    wait_until(lambda: not any(reader.seconds_without_broker() for reader in at_work + at_start), at_work + at_start)


def wait_until(holds, readers):
    """Nothing more comes meanwhile."""
    until = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < until
        assert {reader.block(1, 0.05) for reader in readers} == {None}


@pytest.fixture(scope="module")
def guarded(new_broker):
    broker = new_broker(security="SASL_SSL")
    broker.create_topic("clicks", 1)
    with closing(KafkaProducer(**broker.client_settings())) as producer:
        for value in values(3):
            producer.send("clicks", value, partition=0)
        producer.flush()
    return broker


def guarded_connection(guarded, client, mechanism):
    given = guarded.client_settings(mechanism)
    return Connection(
        guarded.bootstrap_servers,
        client,
        security_protocol="SASL_SSL",
        sasl_mechanism=mechanism,
        username=given["sasl_plain_username"],
        ssl_cafile=given["ssl_cafile"],
        request_timeout_seconds=5,
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_over_tls(guarded, client, opened, monkeypatch, mechanism):
    monkeypatch.setenv(PASSWORD, guarded.client_settings()["sasl_plain_password"])
    reader = opened("clicks", 0, guarded_connection(guarded, client, mechanism))
    assert payloads(blocks_up_to(reader, 3)) == values(3)


def test_a_wrong_password_is_told_without_it(guarded, client, opened, monkeypatch):
    monkeypatch.setenv(PASSWORD, "not the password")
    reader = opened("clicks", 0, guarded_connection(guarded, client, "PLAIN"))
    with pytest.raises(KafkaRefused, match=f"{guarded.bootstrap_servers} refused the login") as refused:
        blocks_up_to(reader, 1)
    assert "codetrail" in str(refused.value)
    assert "not the password" not in str(refused.value) + repr(refused.value.__cause__)
