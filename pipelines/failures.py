"""What can go wrong and is expected: each failure with a stable reason, and the exit code that it ends with."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a message was rejected at decode; the slugs stand in the lake, the docs and the examples' names."""

    TOO_LARGE = "too_large"
    BAD_UTF8 = "bad_utf8"
    BAD_JSON = "bad_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_LENGTH = "bad_length"
    BAD_VALUE = "bad_value"
    BAD_TIME = "bad_time"
    ABSURD_TIME = "absurd_time"
    BAD_MONEY = "bad_money"
    TOO_MANY_DECIMALS = "too_many_decimals"
    UNKNOWN_CURRENCY = "unknown_currency"


class CodetrailError(Exception):
    """An expected failure: its message says what happened, where, and what to do next."""

    exit_code = 3


class BadInput(CodetrailError):
    """Wrong usage, reference data, settings or topic files."""

    exit_code = 2


class CheckFailed(CodetrailError):
    """A check found the data unfit to publish."""

    exit_code = 1


class LakeUnavailable(CodetrailError):
    """The lake cannot be read or written: a full disk, a missing permission, a damaged log."""


class Superseded(CodetrailError):
    """A later run has taken the lake over; this one must stop."""


class MissingMessages(CodetrailError):
    """A block begins beyond the committed offset: writing it would skip messages for good."""


class KafkaUnavailable(CodetrailError):
    """The brokers cannot be reached, or cannot do what they are asked."""


class KafkaRefused(KafkaUnavailable):
    """The brokers refuse the login or do not permit the request: waiting does not heal it."""


class OffsetGone(CodetrailError):
    """The partition does not hold the offset that is to be read: its messages were deleted, or it is another one.

    `first` and `end` are the offsets that it does hold; after a journey between processes only the text is left.
    """

    def __init__(
        self, message: str, topic: str = "", partition: int = -1, wanted: int = -1, first: int = -1, end: int = -1
    ) -> None:
        super().__init__(message)
        self.topic, self.partition, self.wanted, self.first, self.end = topic, partition, wanted, first, end


class ExportFailed(CodetrailError):
    """What is published cannot be copied to where it shall go: an address, a login, a store that is away."""


class EngineFailed(CodetrailError):
    """What runs the stages did not start, or is gone."""


FAILURES: dict[str, type[CodetrailError]] = {
    failure.__name__: failure
    for failure in (
        *(BadInput, CheckFailed, LakeUnavailable, Superseded, MissingMessages),
        *(KafkaUnavailable, KafkaRefused, OffsetGone, EngineFailed, ExportFailed),
    )
}
