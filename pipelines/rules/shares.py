"""Shares of an order's money: whole units that add up to the amount, whatever the weights."""

from collections.abc import Sequence


def split(amount: int, parts: Sequence[int]) -> list[int]:
    """`amount` minor units over weights `parts` (non-negative integers, not all 0), in their order.

    Each share is floored; the units that remain go to the largest remainders, of equal ones to the
    earlier part (largest remainder method). The shares sum to `amount` exactly.
    """
    whole = sum(parts)
    divided = [divmod(amount * part, whole) for part in parts]
    shares = [share for share, _ in divided]
    left = amount - sum(shares)
    if left:
        remainders = [remainder for _, remainder in divided]
        by_remainder = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)  # equal ones in their order
        for i in by_remainder[:left]:
            shares[i] += 1
    return shares
