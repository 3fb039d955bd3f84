"""Presets: what vendors publish as the rule between a code and a link, as a policy of ours, with the source."""

import msgspec


class Preset(msgspec.Struct, frozen=True):
    """A published policy: what `source` says at `url`, and the policy that does the same."""

    name: str
    policy: str
    says: str
    source: str
    url: str


_IMPACT = "impact.com help centre, Create a promo code, credit policy"
_IMPACT_URL = "https://help.impact.com/en/support/solutions/articles/155000000279-create-a-promo-code"

PRESETS = (
    Preset("impact-always", "code_wins", "the promo code always gets credit", _IMPACT, _IMPACT_URL),
    Preset(
        "impact-if-involved",
        "if_involved",
        "the promo code gets credit only if its partner drove a click",
        _IMPACT,
        _IMPACT_URL,
    ),
    Preset(
        "impact-if-winner",
        "if_winner",
        "the promo code gets credit only if its partner drove the winning click",
        _IMPACT,
        _IMPACT_URL,
    ),
    Preset(
        "code-wins",
        "code_wins",
        "where a link and a coupon of two affiliates meet, the coupon takes priority",
        "BixGrow documentation, Conversions made via both affiliate link and coupon",
        "https://docs.bixgrow.com/manage/transactions/referral-sale-made-via-both-affiliate-link-and-coupon",
    ),
    Preset(
        "link-wins",
        "link_wins",
        "under standard last-click attribution the link that was clicked last right before the purchase is paid, in "
        "many cases wherever the coupon was found",
        "Uptake, Supercharge your affiliate coupons",
        "https://uptakeaffiliateservices.com/supercharge-your-affiliate-coupons",
    ),
)
"""None of them states a window or what happens where nobody clicked: both stay as the policy has them."""
