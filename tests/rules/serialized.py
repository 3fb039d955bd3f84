"""Messages as confluent-kafka's own Schema Registry serializers wrote them: what a producer's bytes are.

Made once, by confluent-kafka 2.16.0 with its extras `schemaregistry,json,avro,protobuf` in an environment of its own,
whose packages are more than these bytes are worth to every developer (and 2.16.1 asks for a certifi that was not to be
had): `registry = SchemaRegistryClient.new_client({"url": "mock://"})`, and then in this order, `on(topic)` being
`SerializationContext(topic, MessageField.VALUE, [])`

    for each topic    JSONSerializer(<the text of schemas/<event>/1.json>, registry)(message, on(topic))
                      JSONSerializer(…, conf={"schema.id.serializer": header_schema_id_serializer})(message, on(topic))
    AVRO              AvroSerializer(registry, <a record of three strings>)(order, on("orders"))
    PROTOBUF          ProtobufSerializer(Struct, registry, {"use.deprecated.format": False})(struct, on("orders"))
    BROKEN            JSONSerializer('{"type": "object"}', registry)(order, on("orders"))
"""

SCHEMA = "__value_schema_id"

BY_PREFIX = {
    "orders": b'\x00\x00\x00\x00\x01{"event_id":"e1","occurred_at":"2026-03-10T12:00:01Z","order_id":"o1",'
    b'"kind":"placed","visitor_id":"v1","currency":"USD","subtotal":"19.90","codes":["LINK"],'
    b'"survey_answer":"Zo\xc3\xab\'s post"}',
    "clicks": b'\x00\x00\x00\x00\x02{"event_id":"k1","occurred_at":"2026-03-10T11:00:00Z","visitor_id":"v1",'
    b'"url":"https://shop.example/?utm_source=ana"}',
    "redemptions": b'\x00\x00\x00\x00\x03{"event_id":"r1","occurred_at":"2026-03-10T12:00:02Z","code":"LINK",'
    b'"order_id":"o1"}',
    "post_metrics": b'\x00\x00\x00\x00\x04{"event_id":"p1","occurred_at":"2026-03-10T13:00:00Z","post_id":"p",'
    b'"influencer_id":"link","platform":"instagram","content_type":"reel","likes":7}',
}
"""By topic, with the schema's id before the message."""

BY_HEADER = {
    "orders": (
        b'{"event_id":"e1","occurred_at":"2026-03-10T12:00:01Z","order_id":"o1","kind":"placed","visitor_id":"v1",'
        b'"currency":"USD","subtotal":"19.90","codes":["LINK"],"survey_answer":"Zo\xc3\xab\'s post"}',
        [(SCHEMA, b"\x01vR,\x88c\xb9A\xd1\xbfM\xb9\xd5|\xf2\xe3\xe3")],
    ),
    "clicks": (
        b'{"event_id":"k1","occurred_at":"2026-03-10T11:00:00Z","visitor_id":"v1",'
        b'"url":"https://shop.example/?utm_source=ana"}',
        [(SCHEMA, b"\x01g\x1aW\x15I\xa9C\x0f\xa0l \x9c\xcb\x9f\xc9\x86")],
    ),
    "redemptions": (
        b'{"event_id":"r1","occurred_at":"2026-03-10T12:00:02Z","code":"LINK","order_id":"o1"}',
        [(SCHEMA, b"\x01\x94\xc7q_\x19)L~\x937z\xad\x8f5E\xc2")],
    ),
    "post_metrics": (
        b'{"event_id":"p1","occurred_at":"2026-03-10T13:00:00Z","post_id":"p","influencer_id":"link",'
        b'"platform":"instagram","content_type":"reel","likes":7}',
        [(SCHEMA, b"\x01\xac\x1e9\x1e\x0b\xcfG0\xbdB\xb8\xb4)\xc6\xa8\x99")],
    ),
}
"""The same messages with the id of the schema in a header: the value, and its headers."""

AVRO = b"\x00\x00\x00\x00\x05\x04e1\x04o1\n19.90"
PROTOBUF = b"\x00\x00\x00\x00\x06\x00\n\x10\n\x08order_id\x12\x04\x1a\x02o1"
BROKEN = (
    b'\x00\x00\x00\x00\x07{"event_id":"e2","occurred_at":"2026-03-10T12:00:01Z","order_id":"o2","kind":"placed",'
    b'"visitor_id":"v1","currency":"USD","subtotal":"29,90","codes":["LINK"],"survey_answer":"Zo\xc3\xab\'s post"}'
)
"""An order whose schema let a comma pass that Codetrail's refuses."""
