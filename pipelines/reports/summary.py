"""Summary: what a simulation or a run did, in one line."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.jobs.begin import Ran


def simulated(made: Any) -> str:
    """Messages by topic, and what was made wrong on purpose."""
    messages = ", ".join(f"{count:,} {topic}" for topic, count in made.messages.items())
    faulty = f"; faults: {', '.join(f'{count:,} {kind}' for kind, count in made.faults.items())}" if made.faults else ""
    return (
        f"[bold]simulate[/]  {made.orders:,} orders of {made.influencers} influencers in {made.campaigns} campaigns: "
        f"{messages}{faulty}"
    )


def ran(done: "Ran") -> str:
    """Messages, rejects, and orders attributed."""
    counted = done.counters
    unread = f", {counted['decode/unconsented']:,} clicks without consent" if counted.get("decode/unconsented") else ""
    return (
        f"[bold]run[/]       {counted.get('decode/in', 0):,} messages: {counted.get('land/written', 0):,} landed, "
        f"{counted.get('decode/failed', 0):,} rejected{unread}; {counted.get('commit/out', 0):,} orders attributed"
    )
