"""What influencers write under a post: in their country's language, mostly with what the brief and the law ask for."""

from collections.abc import Mapping

import numpy as np

#: by country, the usual tag first
DISCLOSURES: dict[str, tuple[str, str]] = {
    "US": ("#ad", "#sponsored"),
    "GB": ("#ad", "#advert"),
    "DE": ("#werbung", "#anzeige"),
    "BR": ("#publi", "#publicidade"),
    "JP": ("#広告", "#タイアップ"),
    "KW": ("#إعلان", "#ad"),
}
_ENGLISH = (
    "Three weeks with the {brand} set and I am not giving it back",
    "You asked, so here it is: my whole morning with {brand}\nNo filter",
    'They said "just try it". Fine. {brand}, you win',
    "Unboxing {brand} with you tonight",
    "Honest review, the good and the bad",
    "Small things, big joy ✨ {brand}",
)
TEXTS: dict[str, tuple[str, ...]] = {
    "US": _ENGLISH,
    "GB": _ENGLISH,
    "DE": (
        "Drei Wochen mit {brand}, und ich gebe nichts mehr zurück",
        "Ihr habt gefragt: so früh beginnt mein Tag mit {brand} ☀️",
        "Ehrlich gesagt: schöner hätte ich es mir nicht wünschen können",
        "{brand} im großen Test, das Gute und das Böse",
    ),
    "BR": (
        "Três semanas com {brand} e não devolvo mais",
        "Vocês pediram: minha manhã inteira com {brand}",
        "Resenha sincera, o bom e o não tão bom",
        "Coração cheio ✨ obrigada, {brand}",
    ),
    "JP": (
        "{brand}を三週間使ってみました。もう手放せません✨",
        "よく聞かれる朝のルーティン、全部{brand}です",
        "正直レビュー：良いところも気になるところも",
    ),
    "KW": (
        "ثلاثة أسابيع مع {brand} ولن أعيدها",
        "سألتموني عن روتين الصباح، وهذا هو مع {brand}",
        "تجربتي بكل صراحة",
    ),
}
CODES: dict[str, str] = {
    "US": "Code {code} saves you some",
    "GB": "{code} at the checkout",
    "DE": "Mit dem Code {code} spart ihr",
    "BR": "Com o cupom {code} sai mais barato",
    "JP": "クーポンコード {code}",
    "KW": "كود الخصم {code}",
}
TOPICS = ("#morning", "#unboxing", "#musthave", "#weekend")


def draw_caption(
    rng: np.random.Generator, country: str, brief: str, hashtag: str | None, held: Mapping[str, str]
) -> str | None:
    """A caption that mostly has what the `brief` asks for ("code", "link" or ""), the campaign's hashtag, a disclosure.

    Without a hashtag the post is nobody's, and discloses nothing; None where the platform hands out no caption.
    `held` are the brand, the code and the url.
    """
    forgets_code, forgets_link, forgets_hashtag, discloses, is_long, is_absent = rng.random(6)
    lines, tags = [str(rng.choice(TEXTS[country]))], list[str]()
    if forgets_code > (0.12 if brief == "code" else 0.8):
        lines.append(CODES[country])
    if brief == "link" and forgets_link > 0.15:
        lines.append("{url}")
    if hashtag:
        tags += [hashtag] if forgets_hashtag > 0.08 else []
        usual, other = DISCLOSURES[country]
        tags += [usual] if discloses < 0.8 else [other] if discloses < 0.88 else []
    if is_long < 0.3:
        tags.append(str(rng.choice(TOPICS)))
    return "\n".join((*lines, " ".join(tags))).strip().format(**held) if is_absent > 0.04 else None
