"""Typed codes are the code, but for the last spelling."""

import pytest

from pipelines.rules.codes import normalise_code
from pipelines.simulate.materials import spellings
from pipelines.simulate.shoppers import MISTYPED


@pytest.mark.parametrize("code", ["ALEX20", "BRIANNATRAILS15", "MEI12X10"])
def test_all_but_the_mistyped_spelling_are_one_code(code):
    same = [normalise_code(spelling) == normalise_code(code) for spelling in spellings(code)]
    assert same == [True] * MISTYPED + [False]


def test_a_code_without_a_zero_is_mistyped_too():
    assert normalise_code(spellings("LENA15")[MISTYPED]) != normalise_code("LENA15")
