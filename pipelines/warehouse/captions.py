"""How captions and hashtags are compared: one text in one spelling, whatever letters it was written in."""

from unicodedata import category, normalize

EMOJI_FORM = "\ufe0f"  # asks for a sign's coloured form


def normalise_text(sent: str) -> str:
    """A text in the spelling of `normalise_code`, with its spaces and signs.

    NFKC makes usual letters of mathematical, circled and full-width ones; format characters (Cf), which nobody sees,
    and the mark of emoji are removed; case is folded. Letters of another script stay apart.
    """
    compatible = normalize("NFKC", sent)
    return "".join(c for c in compatible if c != EMOJI_FORM and category(c) != "Cf").casefold()
