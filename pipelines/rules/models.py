"""Attribution models: how much of an order each touch of its journey gets, as exact integer parts of a whole."""

from collections.abc import Callable, Sequence
from functools import lru_cache


@lru_cache(maxsize=1024)
def first(touches: int) -> tuple[int, ...]:
    return (1, *(0,) * (touches - 1))


@lru_cache(maxsize=1024)
def last(touches: int) -> tuple[int, ...]:
    return (*(0,) * (touches - 1), 1)


@lru_cache(maxsize=1024)
def linear(touches: int) -> tuple[int, ...]:
    return (1,) * touches


@lru_cache(maxsize=1024)
def position(touches: int) -> tuple[int, ...]:
    """40/20/40: the ends get two fifths each, the middle shares one fifth equally; two touches get half each."""
    if touches <= 2:
        return (1,) * touches
    middle = touches - 2
    return (2 * middle, *(1,) * middle, 2 * middle)


BY_PLACE: dict[str, Callable[[int], tuple[int, ...]]] = {
    "first": first,
    "last": last,
    "linear": linear,
    "position": position,
}
"""The models that look at a touch's place in the journey alone: of so many touches, the parts."""
PATH_MODELS = (*BY_PLACE, "time_decay")
MODELS = ("policy", *PATH_MODELS)
"""Those whose credits the lake holds."""


def time_decay(ages: Sequence[int], half_life: int) -> tuple[int, ...]:
    """2^-((age - least age) / half-life) each, the exponent's quotients and the power in binary64, then exact.

    `ages` and `half_life` in microseconds; the youngest touch weighs 1 before normalising, so none underflows all.
    """
    decays = [age / half_life for age in ages]
    least = min(decays)
    weights = [(2.0 ** -(decay - least)).as_integer_ratio() for decay in decays]
    common = max(denominator for _, denominator in weights)  # each denominator is a power of two
    return tuple(numerator * (common // denominator) for numerator, denominator in weights)


def path_parts(ages: Sequence[int], half_life: int) -> list[tuple[str, tuple[int, ...]]]:
    """Each path model's parts over a journey whose touches are `ages` old, oldest place first."""
    touches = len(ages)
    by_place = [(model, parts_of(touches)) for model, parts_of in BY_PLACE.items()]
    return [*by_place, ("time_decay", time_decay(ages, half_life))]


def _collapse_repeats(owners: Sequence[str]) -> list[int]:
    return [i for i, owner in enumerate(owners) if i == 0 or owners[i - 1] != owner]


def _unique(owners: Sequence[str]) -> list[int]:
    return sorted({owner: i for i, owner in reversed(list(enumerate(owners)))}.values())


PATH_TRANSFORMS: dict[str, Callable[[Sequence[str]], list[int]]] = {
    "none": lambda owners: list(range(len(owners))),
    "collapse_repeats": _collapse_repeats,
    "unique": _unique,
}
"""Which touches stay, by place, given each touch's influencer."""
