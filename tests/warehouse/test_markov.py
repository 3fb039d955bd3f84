"""Removal effects against chains worked out by hand, and against removing each influencer in turn."""

import random
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.warehouse import markov
from pipelines.warehouse.markov import DECIMALS, EXACT_INFLUENCERS, End, removal_effects

Path = tuple[str, ...]
Paths = list[tuple[Path, End, int]]


def transitions_of(paths: Paths) -> Counter:
    steps: Counter = Counter()
    for path, end, count in paths:
        states = (End.START, *path, end)
        for pair in pairwise(states):
            steps[pair] += count
    return steps


def conversion(steps: Counter, removed: str | None = None) -> Fraction:
    """P(conversion) from the start, `removed` going to null, by elimination of one state after another."""
    leaving: Counter = Counter()
    for (origin, _), count in steps.items():
        leaving[origin] += count
    chance = {pair: Fraction(count, leaving[pair[0]]) for pair, count in steps.items() if pair[0] != removed}
    between = {state for pair in chance for state in pair if isinstance(state, str)}
    for state in between:
        stays = 1 - chance.pop((state, state), Fraction(0))
        into = {origin: chance.pop((origin, to)) for origin, to in list(chance) if to == state}
        out = {to: chance.pop((origin, to)) for origin, to in list(chance) if origin == state}
        for origin, arrives in into.items():
            for to, goes in out.items():
                chance[origin, to] = chance.get((origin, to), Fraction(0)) + arrives * goes / stays
    return chance.get((End.START, End.CONVERSION), Fraction(0))


@pytest.mark.parametrize(
    ("paths", "effects"),
    [
        pytest.param([(("ana",), End.CONVERSION, 3)], {"ana": Fraction(1)}, id="without the only one nothing converts"),
        pytest.param(
            # Puzyrov, Markov chain attribution: simple explanation of removal effect: 0.8, without G 0.2, without M 0.4
            [
                (("google",), End.CONVERSION, 2),
                (("mailing",), End.CONVERSION, 1),
                (("google", "mailing"), End.CONVERSION, 1),
                (("google",), End.NULL, 1),
            ],
            {"google": Fraction(3, 4), "mailing": Fraction(1, 2)},
            id="a published example of two",
        ),
        pytest.param(
            # Bryl, Marketing multi-channel attribution with Markov chains: 1/3, without C1 1/6, without C2 or C3 0
            [
                (("c1", "c2", "c3"), End.CONVERSION, 1),
                (("c1",), End.NULL, 1),
                (("c2", "c3"), End.NULL, 1),
            ],
            {"c1": Fraction(1, 2), "c2": Fraction(1), "c3": Fraction(1)},
            id="a published example of three",
        ),
        pytest.param(
            # P(ana) = P(ben)/2 + 1/2 and P(ben) = P(ana)/2: 2/3 and 1/3, from the start 1/2; without ben 1/2 x 1/2
            [(("ana", "ben", "ana"), End.CONVERSION, 1), (("ben",), End.NULL, 1)],
            {"ana": Fraction(1), "ben": Fraction(1, 2)},
            id="a path that comes back",
        ),
        pytest.param(
            [(("ana", "ana", "ben"), End.CONVERSION, 1), (("ben",), End.CONVERSION, 1), (("cy",), End.NULL, 9)],
            {"ana": Fraction(1, 2), "ben": Fraction(1), "cy": Fraction(0)},
            id="repeats change nothing, who converts nobody loses nothing",
        ),
        pytest.param([(("ana",), End.NULL, 3)], {}, id="nothing converts: there is nothing to lose"),
        pytest.param([], {}, id="no path"),
    ],
)
def test_effects_worked_out_by_hand(paths, effects):
    assert removal_effects(transitions_of(paths)) == effects


path_sets = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5).map(tuple),
        st.sampled_from([End.CONVERSION, End.NULL]),
        st.integers(1, 1000),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(path_sets)
def test_effects_are_those_of_taking_each_influencer_out(paths):
    steps = transitions_of(paths)
    whole = conversion(steps)
    influencers = sorted({influencer for path, _, _ in paths for influencer in path})
    expected = {name: 1 - conversion(steps, name) / whole for name in influencers} if whole else {}
    assert removal_effects(steps) == expected


@settings(deadline=None)
@given(path_sets, st.randoms(use_true_random=False))
def test_the_order_of_the_transitions_does_not_matter(paths, chance):
    steps = list(transitions_of(paths).items())
    shuffled = chance.sample(steps, len(steps))
    assert list(removal_effects(dict(shuffled)).items()) == list(removal_effects(dict(steps)).items())


def many_paths(influencers: int, seed: int) -> Paths:
    chance = random.Random(seed)
    names = [f"i{number:03}" for number in range(influencers)]
    ends = [End.CONVERSION, End.NULL]
    return [
        (tuple(chance.choices(names, k=chance.randint(1, 6))), chance.choice(ends), chance.randint(1, 10**6))
        for _ in range(20 * influencers)
    ] + [(("only-null", names[0]), End.NULL, 1), (("never",), End.NULL, 5)]


def test_many_influencers_are_exact_to_the_stated_decimal(monkeypatch):
    for influencers, seed in ((EXACT_INFLUENCERS - 1, 1), (40, 2)):
        steps = transitions_of(many_paths(influencers, seed))
        assert len({state for pair in steps for state in pair}) - len(End) > EXACT_INFLUENCERS
        rounded = removal_effects(steps)
        monkeypatch.setattr(markov, "EXACT_INFLUENCERS", 10**6)
        exact = removal_effects(steps)
        monkeypatch.undo()
        assert rounded != exact
        assert rounded["never"] == exact["never"] == 0
        assert max(abs(rounded[name] - exact[name]) for name in exact) <= Fraction(1, 10**DECIMALS)
