"""How Great Expectations' own pages look: in our frame, without a script or a request, every value shown as text."""

import html
from typing import Any

from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader

from pipelines.warehouse.docs_pages import TEMPLATES

FRAME = "batch.html"
TRUSTED = {"styling", "html_success_icon"}  # markup of Great Expectations' own making, which holds no value
FOLDERS_OF_A_RUN = 3  # validations/<table>/<batch>/check/<time>/ lies so much deeper than expectations/<table>/


class PlainPageView(DefaultJinjaPageView):  # type: ignore[misc]  # Great Expectations is not typed
    """A page of a suite or of a validation as one HTML file that needs no other; links lead within the site.

    Great Expectations puts the values of broken rows into its pages as they are. Here all of a page's texts are
    escaped before its templates see them, and its own escaping of some of them is switched off.
    """

    def __init__(self, *directories: Any, **named_directories: Any) -> None:
        super().__init__(*directories, **named_directories)
        self.env.loader = ChoiceLoader([FileSystemLoader(TEMPLATES), self.env.loader])

    def render(self, document: Any, template: str = FRAME, **settings: Any) -> str:
        suite = document.expectation_suite_name.split(".")
        is_validation = document.renderer_type == "ValidationResultsPageRenderer"
        return str(
            self._get_template(template).render(
                as_text(document.to_json_dict()),
                table=suite[0],
                batch=".".join(suite[1:]),
                is_validation=is_validation,
                root="../" * (len(suite) + FOLDERS_OF_A_RUN * is_validation),
                **settings,
            )
        )

    @staticmethod
    def _escape_template_param_value(value: Any) -> Any:
        return value


def as_text(content: Any) -> Any:
    """A rendered document with every text escaped, at any depth."""
    if isinstance(content, dict):
        return {name: part if name in TRUSTED else as_text(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [as_text(part) for part in content]
    return html.escape(content) if isinstance(content, str) else content
