"""What a browser would find in a page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

LOADING = {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form"}


@dataclass
class Page(HTMLParser):
    """The elements, links, ids and text of a page."""

    elements: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    parts: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.elements.add(tag)
        self.attributes |= given.keys()
        if "href" in given:
            self.links.append(given["href"])
        if "id" in given:
            self.ids.add(given["id"])

    def handle_data(self, data):
        self.parts.append(data)

    @cached_property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())


def parsed(file: Path) -> Page:
    """The page as it is now; not to be altered, since who asks again gets the same."""
    return _parsed(file, file.stat().st_mtime_ns)


@cache
def _parsed(file: Path, _written: int) -> Page:
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def pages(site: Path) -> Iterator[tuple[Path, Page]]:
    return ((file, parsed(file)) for file in sorted(site.rglob("*.html")))


def asks_for_nothing(file: Path) -> bool:
    """Whether a page holds all that it shows and runs nothing."""
    page, source = parsed(file), file.read_text(encoding="utf-8")
    outside = [link for link in page.links if urlsplit(link).scheme or urlsplit(link).netloc]
    loads = page.elements & LOADING or any(name.startswith("on") for name in page.attributes)
    return not (outside or loads or "url(" in source or "@import" in source) and "default-src 'none'" in source


def broken_links(file: Path) -> list[str]:
    """The links of a page that lead to no file, or to no such place of a page."""
    page = parsed(file)
    return [link for link in page.links if not _leads_somewhere(file, page, urlsplit(link))]


def _leads_somewhere(file: Path, page: Page, place: SplitResult) -> bool:
    if not place.path:
        return place.fragment in page.ids
    target = (file.parent / unquote(place.path)).resolve()
    return target.is_file() and (not place.fragment or place.fragment in parsed(target).ids)
