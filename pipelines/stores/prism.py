"""Where Prism is: Beam's runner for endless streams, one binary that is no Python package."""

import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from pipelines.failures import BadInput

LOCATION = "CODETRAIL_PRISM_LOCATION"
MODULE = "github.com/apache/beam/sdks/v2/go/cmd/prism"  # what `go install` builds, at the version of the installed Beam
SERVICES = Path(__file__).parents[2] / ".services"  # beside the project, filled by `make services`


def find_prism(environment: Mapping[str, str], find_program: Callable[[str], str | None], services: Path) -> str | None:
    """The first of CODETRAIL_PRISM_LOCATION, PATH, `.services/` here, `services`, and what Beam has downloaded before.

    None if it is nowhere; then Beam tries to download it. The binary tells no version, so none is checked.
    Raises BadInput if the variable names what cannot be run.
    """
    named = environment.get(LOCATION)
    if named:
        if not _can_run(Path(named)):
            raise BadInput(
                f"{LOCATION} names {named}, which cannot be run. Name Prism's binary, or unset the variable."
            )
        return named
    on_path = find_program("prism")
    if on_path:
        return on_path
    home = environment.get("HOME")
    downloads = Path(home, ".apache_beam", "cache", "prism", "bin") if home else services
    downloaded = sorted(downloads.glob(f"apache_beam-v{version('apache-beam')}-prism-*"))
    places = (Path.cwd() / ".services" / "prism", services / "prism", *downloaded)
    return next((str(place) for place in places if _can_run(place)), None)


def _can_run(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
