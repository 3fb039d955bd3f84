"""What dbt's documentation says of each column: the schemas' words, as `{% docs %}` blocks."""

from pathlib import Path

from pipelines.schema_store import column_descriptions
from pipelines.warehouse.dbt_runner import project_dir

HEADING = "<!-- Written from schemas/ by `python -m pipelines.warehouse.column_docs`; change the words there. -->\n"


def columns_file() -> Path:
    return project_dir() / "models" / "columns.md"


def column_docs() -> str:
    """One block a column, named `column`, or `table__column` where the table's words are others."""
    words = column_descriptions()
    blocks = [
        f"{{% docs {name.replace('.', '__')} %}}{text}{{% enddocs %}}\n"
        for name, text in sorted(words.items())
        if "." not in name or words.get(name.rpartition(".")[2]) != text
    ]
    return "\n".join([HEADING, *blocks])


if __name__ == "__main__":
    columns_file().write_text(column_docs(), encoding="utf-8")
