"""Reading: a page's text, links and elements as a browser's parser finds them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "path", "rect", "img"}


@dataclass
class Read(HTMLParser):
    """`texts` in order, `tags` with their attributes, `by_id` the text within an element that has an id."""

    texts: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    by_id: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in VOID:
            self._open.append((tag, given.get("id")))
            self.by_id.setdefault(given.get("id") or "", "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        for _, name in self._open:
            if name:
                self.by_id[name] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def hrefs(self) -> list[str]:
        return [str(link["href"]) for link in self.of("a") if link.get("href")]

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def read(html: str) -> Read:
    found = Read()
    found.feed(html)
    found.close()
    return found
