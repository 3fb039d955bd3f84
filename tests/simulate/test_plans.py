"""Plans of each kind, whose caps and tiers are in proportion to what is sold; also where nothing is."""

from dataclasses import replace

import numpy as np

from pipelines.simulate.plans import plan_rows


def test_plans_of_every_kind_with_a_cap_and_tiers_that_rise(cast, results):
    nothing = np.zeros(len(cast.participations))
    for sold in (results.revenue, nothing):
        plans = list(plan_rows(cast, replace(results, revenue=sold)))
        assert {kind for _, kind, *_ in plans} == {"percent", "flat", "tiered"}
        tiers = [begins for _, kind, *_, begins, _ in plans if kind == "tiered"]
        assert tiers == sorted(set(tiers))
        assert any(cap for *_, cap, _, _ in plans)


def test_caps_and_tiers_grow_with_the_shop(cast, results):
    small, large = (list(plan_rows(cast, replace(results, revenue=results.revenue * factor))) for factor in (1, 50))
    assert [row[0] for row in small] == [row[0] for row in large]
    assert large[1][5] > small[1][5]
    assert large[-1][6] > small[-1][6]
