"""Standing: how far the lake has come with each partition, as its app transactions say."""

from collections.abc import Iterable, Mapping, Sequence

from pipelines.stores.lake import WATERMARK, Lake, attributed_mark, latest_mark


def landed_offsets(lake: Lake, sources: Sequence[str]) -> dict[str, int]:
    """The next offset of each partition that has landed."""
    return _landed_transactions(lake, {source: source for source in sources})


def attributed_offsets(lake: Lake, sources: Sequence[str]) -> dict[str, int]:
    """Below which offset each partition has gone through attribution."""
    found = lake.transactions("order_attributions", [attributed_mark(source) for source in sources])
    return {source: found[mark] for source in sources if (mark := attributed_mark(source)) in found}


def _landed_transactions(lake: Lake, names: Mapping[str, str]) -> dict[str, int]:
    """Of each source's landing table the app transaction of this name, where there is one."""
    found: dict[str, int] = {}
    for topic in {source.split("/")[0] for source in names}:
        of_topic = {source: name for source, name in names.items() if source.split("/")[0] == topic}
        transactions = lake.transactions(topic, list(of_topic.values()))
        found |= {source: transactions[name] for source, name in of_topic.items() if name in transactions}
    return found


def latest_events(lake: Lake, sources: Iterable[str]) -> dict[str, int]:
    """The greatest `occurred_at` of each partition that has landed, in microseconds."""
    return _landed_transactions(lake, {source: latest_mark(source) for source in sources})


def watermark_before(lake: Lake) -> int | None:
    """The watermark that the lake has already, in microseconds."""
    return lake.transactions("order_attributions", [WATERMARK]).get(WATERMARK)
