"""Shares of an order's money: whole units that add up to the amount, whatever the weights."""

from collections.abc import Sequence


def split(amount: int, parts: Sequence[int]) -> list[int]:
    """`amount` minor units over weights `parts` (non-negative integers, not all 0), in their order.

    Each share is floored; the units that remain go to the largest remainders, of equal ones to the
    earlier part (largest remainder method). The shares sum to `amount` exactly.
    """
    whole = sum(parts)
    shares = [amount * part // whole for part in parts]
    left = amount - sum(shares)
    if left:
        by_remainder = sorted(range(len(parts)), key=lambda i: -(amount * parts[i] % whole))
        for i in by_remainder[:left]:
            shares[i] += 1
    return shares
