"""What we take of Great Expectations' pages: each column's findings, without a script, every value shown as text."""

import html
from typing import Any

from great_expectations.render.view import DefaultJinjaPageView

SECTIONS = "{% for section in sections %}{% set section_loop = loop %}{% include 'section.j2' %}{% endfor %}"
TRUSTED = {"styling", "html_success_icon"}  # markup of Great Expectations' own making, which holds no value


class SectionsView(DefaultJinjaPageView):  # type: ignore[misc]  # Great Expectations is not typed
    """The inside of a page of a suite or a validation; `docs_pages` puts its frame and its overview around it.

    Great Expectations puts the values of broken rows into its pages as they are. Here all texts of a page are
    escaped before its templates see them, and its own escaping of some of them is switched off.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sections = self.env.from_string(SECTIONS)

    def render(self, document: Any) -> str:
        content = as_text(document.to_json_dict())
        content["sections"] = [part for part in content["sections"] if part["section_name"] != "Overview"]
        return str(self._sections.render(content))

    @staticmethod
    def _escape_template_param_value(value: Any) -> Any:
        return value


def as_text(content: Any) -> Any:
    """A rendered document with every text escaped, at any depth, and nothing that only a script could unfold."""
    if isinstance(content, dict):
        if content.get("content_block_type") == "collapse":
            return ""
        return {name: part if name in TRUSTED else as_text(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [as_text(part) for part in content]
    return html.escape(content) if isinstance(content, str) else content
