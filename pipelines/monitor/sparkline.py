"""Sparkline: a row's orders of the last days as a small picture with words."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 66, 20


def sparkline(values: Sequence[float], label: str) -> Markup:
    """An inline SVG, one bar a value, the latest last; the title says it in words. Nothing for no values."""
    if not values:
        return Markup()
    most = max(values)
    step = WIDTH / len(values)
    bars = Markup().join(
        Markup('<rect x="{}" y="{}" width="{}" height="{}"/>').format(
            f"{number * step:.1f}", f"{HEIGHT - tall:.1f}", f"{max(step - 0.6, 0.5):.1f}", f"{tall:.1f}"
        )
        for number, tall in enumerate(_tall(value, most) for value in values)
        if tall
    )
    words = (
        f"{label}: {sum(values):,.0f} in {len(values)} days, at most {most:,.0f} a day, {values[-1]:,.0f} on the last"
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{words}">'
        '<title>{words}</title><path class="floor" d="M0 {floor}H{w}"/>{bars}</svg>'
    ).format(w=WIDTH, h=HEIGHT, floor=HEIGHT - 0.5, bars=bars, words=words)


def _tall(value: float, most: float) -> float:
    """At least a visible stroke for what is there at all."""
    return max(1.5, value / most * (HEIGHT - 1)) if value > 0 else 0.0
