"""The words of dbt's documentation are those of the schemas, and every column has some."""

import re

from pipelines.warehouse.column_docs import column_docs, columns_file
from pipelines.warehouse.dbt_runner import project_dir


def test_the_committed_words_are_those_of_the_schemas():
    assert columns_file().read_text(encoding="utf-8") == column_docs(), "run python -m pipelines.warehouse.column_docs"


def test_every_model_stands_beside_its_description():
    folder = project_dir() / "models"
    models = {file.with_suffix("") for kind in ("*.sql", "*.py") for file in folder.rglob(kind)}
    described = {
        file.with_suffix("") for file in folder.rglob("*.yml") if file.read_text("utf-8").startswith("models:")
    }
    assert described == models


def test_every_column_is_described():
    for file in (project_dir() / "models").rglob("*.yml"):
        lines = file.read_text(encoding="utf-8").splitlines()
        columns = [at for at, line in enumerate(lines) if line.startswith("      - name: ") and "models:" in lines]
        for at in columns:
            entry = "\n".join(lines[at : at + 3])
            assert re.search(r'description: ".+"', entry), f"{file.name}: {entry}"
