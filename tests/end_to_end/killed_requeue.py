"""A real `codetrail quarantine requeue` that SIGKILLs itself at one of its steps.

`main` is told the moment and the arguments of `codetrail`, where the moment is one of
  said      what is to be sent is in the lake, and nothing of it in the topic
  half      half of it is in the topic: of a file's bytes, of a transaction's messages
  sent      all of it is in the topic, and the lake does not know
"""

import os
import signal
import sys

from pipelines import cli
from pipelines.jobs import requeue
from pipelines.stores import topic_append
from pipelines.stores.kafka_requeue import Requeuing
from pipelines.stores.releases import Action


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(moment: str, *arguments: str) -> None:
    """For a process of its own: it changes what is called."""
    record, append, send = requeue.record, topic_append._append, Requeuing.send

    def record_and_die(lake, done):
        done = list(done)
        if moment == "sent" and any(one.action is Action.REQUEUED for one in done):
            die()
        record(lake, done)
        if moment == "said" and done:
            die()

    def append_half(file, content):
        append(file, content[: len(content) // 2] if moment == "half" else content)
        if moment == "half":
            die()

    def send_half(self, messages):
        if moment == "half":
            self._producer.begin_transaction()
            for one in messages[: len(messages) // 2]:
                self._producer.send(one.place[0], value=one.value, partition=one.place[1])
            self._producer.flush()
            die()
        return send(self, messages)

    requeue.record = record_and_die
    topic_append._append = append_half
    Requeuing.send = send_half
    sys.argv = ["codetrail", *arguments]
    cli.main()
