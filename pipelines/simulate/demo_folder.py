"""The folder of a demo, which it makes anew each time and which nothing else may lose."""

import shutil
from pathlib import Path

from pipelines.failures import BadInput

DEMO_MARKER = ".codetrail-demo"


def make_anew(root: Path) -> None:
    """A demo makes its own workspace: a folder that an earlier demo made is made anew, any other is left alone."""
    if (root / DEMO_MARKER).is_file():
        shutil.rmtree(root)
    elif root.exists() and any(root.iterdir()):
        raise BadInput(f"{root} is not empty and no demo made it: name another folder with --workspace")
    root.mkdir(parents=True, exist_ok=True)
    (root / DEMO_MARKER).touch()
