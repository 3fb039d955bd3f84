"""Erase: a person out of every file of a workspace; the money, and whom it is credited to, stay to the cent."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

import polars as pl

from pipelines.columnar.erased import TEXTS, Eraser
from pipelines.failures import BadInput
from pipelines.jobs.begin import World
from pipelines.jobs.person import LEAST_NEEDLE, person_of
from pipelines.records import EVENTS
from pipelines.rules.erasure import ERASED, Person, blanked, erased_line
from pipelines.rules.fraud import is_bot
from pipelines.rules.privacy import Pseudonyms
from pipelines.schema_store import event_schema
from pipelines.stages.decode import shard_of
from pipelines.stages.revisions import digests
from pipelines.stores.erasures import (
    Journal,
    close_journal,
    erased_at,
    read_journal,
    remember_erased,
    require_no_expiry,
    write_journal,
)
from pipelines.stores.heartbeat import follower
from pipelines.stores.lake import Lake
from pipelines.stores.reference_erasure import rename_customers
from pipelines.stores.registry import known_files, require_same_shards
from pipelines.stores.rewriting import purge, rewrite
from pipelines.stores.tables import TABLES
from pipelines.stores.topic_erasure import lines_changed, remember_fingerprints, replace_lines
from pipelines.stores.topics import TopicFile, topic_files
from pipelines.warehouse.erasure import erase_published, forget_build, naming_versions

FILE_NAME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Erasure:
    """What names a person: rows by table, lines by topic file, reference rows and published versions.

    `receipt` is the file that tells of it, None where nothing was erased (yet); `former` when the id was erased before.
    """

    found: Mapping[str, int]
    receipt: Path | None
    former: datetime | None


def find_person(world: World, customer: str, also: Iterable[str] = ()) -> Erasure:
    """What would be erased; writes nothing. Raises BadInput where there is no lake, or a run follows."""
    job = _Job.of(world, customer, also)
    return Erasure(job.journal.found, None, erased_at(world.workspace.lake, job.journal.tombstone))


def erase(world: World, customer: str, also: Iterable[str] = ()) -> Erasure:
    """Takes a person out of lake, topic files, reference data, warehouse and published versions.

    Killed on the way it leaves a journal, with which the same command ends it; until then no run begins. Raises
    BadInput where nothing names the person.
    """
    job = _Job.of(world, customer, also)
    former = erased_at(world.workspace.lake, job.journal.tombstone)
    if not any(job.journal.found.values()) and not former:
        raise BadInput(f"nothing in {world.workspace.root} names the customer {customer!r}: nothing was erased")
    if not any(job.journal.found.values()):
        return Erasure(job.journal.found, None, former)
    return Erasure(job.journal.found, job.carry_out(), former)


@dataclass(frozen=True)
class _Job:
    """One erasure: the world, the journal that says whose, and the names by which the lake knows people."""

    world: World
    pseudonyms: Pseudonyms
    journal: Journal

    @classmethod
    def of(cls, world: World, customer: str, also: Iterable[str]) -> "_Job":
        lake, settings = world.workspace.lake, world.settings
        if not lake.exists("order_attributions"):
            raise BadInput(f"{lake.root} holds no lake yet: there is nobody to erase")
        if (run := follower(lake.root, world.now())) is not None:
            raise BadInput(
                f"run {run.epoch} follows Kafka into {lake.root} (process {run.pid} on {run.host}) and has people in "
                "its memory: stop it, erase, and start it again"
            )
        require_no_expiry(lake)
        require_same_shards(lake, settings)
        world.reference()  # also that the lake's names are of this key
        pseudonyms = Pseudonyms(world.hash_key, settings.hashed)
        held = pseudonyms.of_sent("customer_id", customer)
        tombstone, journal = pseudonyms.tombstone("customer_id", held), read_journal(lake)
        if journal is not None and journal.tombstone != tombstone:
            raise BadInput(f"the erasure of another customer in {lake.root} was not finished: end that one first")
        if journal is not None:
            return cls(world, pseudonyms, journal)
        files = topic_files(world.workspace.topics, known_files(lake)) if world.workspace.topics.is_dir() else []
        person = person_of(world, pseudonyms, customer, also, files)
        return cls(world, pseudonyms, Journal(tombstone, person)).looked_for(files)

    def looked_for(self, files: Sequence[TopicFile]) -> "_Job":
        """With what names the person now."""
        root = self.world.workspace.root
        tables = {
            f"lake/{table}": self.lake.read(table, TABLES[table].names[:1], self._where(table)).height
            for table in TEXTS
            if self.lake.exists(table)
        }
        topics = {f"topics/{_name(file)}": lines_changed(file, self._line_of(file)) for file in files}
        found = {
            **tables,
            **topics,
            "reference/influencers": rename_customers(root / "reference", self._renamed, write=False),
            "published versions": len(naming_versions(root, self._without)),
        }
        there = {place: count for place, count in found.items() if count}
        return replace(self, journal=replace(self.journal, found=there))

    @property
    def person(self) -> Person:
        return self.journal.person

    @property
    def lake(self) -> Lake:
        return self.world.workspace.lake

    @property
    def eraser(self) -> Eraser:
        shards = self.world.settings.shards
        return Eraser(self.person, self.pseudonyms.stored, lambda visitor: shard_of(visitor, shards))

    def carry_out(self) -> Path:
        """Every step may be done twice: what is renamed already names nobody any more."""
        lake, world = self.lake, self.world
        write_journal(lake, self.journal)
        epoch = lake.take_over()
        for table in TEXTS:
            change = self.eraser.change(table)
            rewrite(lake, table, self._where(table), _with_digests(table, change), epoch)
        files = [file for file in self._files() if f"topics/{_name(file)}" in self.journal.found]
        for file in files:
            replace_lines(file, self._line_of(file))
        remember_fingerprints(lake, files, epoch)
        rename_customers(world.workspace.root / "reference", self._renamed, write=True)
        for table in (*TEXTS, "topic_files"):
            purge(lake, table)
        forget_build(world.workspace.root, self._needles(chain.from_iterable(self.person.dropped.values())))
        erase_published(world.workspace.root, self._without, self._needles())
        receipt = self._write_receipt(world.now())
        ids = [
            (column, self.pseudonyms.tombstone(column, held))
            for column in ("customer_id", "visitor_id")
            for held in self.person.names(column)
        ]
        remember_erased(lake, ids, world.now(), world.user, receipt.name, epoch)
        close_journal(lake)
        return receipt

    def _where(self, table: str) -> pl.Expr:
        def values(column: str) -> pl.Series:
            return self.lake.read(table, [column])[column].unique()

        return self.eraser.where(table, values)

    def _files(self) -> list[TopicFile]:
        """As the lake numbers them; whether they are as it read them cannot be asked half-way."""
        topics = self.world.workspace.topics
        known = [replace(file, offset=0) for file in known_files(self.lake)]
        return topic_files(topics, known) if topics.is_dir() else []

    def _line_of(self, file: TopicFile) -> Callable[[bytes], bytes | None]:
        event = EVENTS[file.topic]
        fields = frozenset(event_schema(event)["properties"])
        return lambda line: erased_line(line, event, fields, self.person, self.pseudonyms.of_sent, is_bot)

    def _renamed(self, customer: str) -> str | None:
        return self.person.customers.get(self.pseudonyms.of_sent("customer_id", customer))

    def _without(self, column: str, text: str) -> str:
        held = text in self.person.customers or text in self.person.visitors
        is_theirs = held or text in self.person.dropped.get(column, ())
        return ERASED if is_theirs else blanked(text, self.person.said)

    def _needles(self, more: Iterable[str] = ()) -> list[str]:
        words = (*self.person.customers, *self.person.visitors, *self.person.said, *more)
        return [word for word in words if len(word) >= LEAST_NEEDLE]

    def _write_receipt(self, at: datetime) -> Path:
        """What was erased, of whom only the tombstone is told."""
        folder = self.world.workspace.root / "receipts"
        folder.mkdir(exist_ok=True)
        receipt = folder / f"erasure-{at.strftime(FILE_NAME)}-{self.journal.tombstone[:8]}.json"
        told = {
            "erased_at": at.isoformat(),
            "erased_by": self.world.user,
            "customer": f"hmac-sha256:{self.journal.tombstone}",
            "key": self.pseudonyms.fingerprint(),
            "ids": {"customer": len(self.person.customers), "visitor": len(self.person.visitors)},
            "orders_kept_without_the_person": len(self.person.orders),
            "rewritten": dict(self.journal.found),
        }
        receipt.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        return receipt


def _with_digests(table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    if table != "order_attributions":
        return change

    def changed(rows: pl.DataFrame) -> pl.DataFrame:
        renamed = change(rows)
        return renamed.with_columns(digests(renamed))

    return changed


def _name(file: TopicFile) -> str:
    return file.file if file.path.parent.name == "topics" else f"{file.topic}/{file.file}"
