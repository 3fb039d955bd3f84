"""The peers: which there are, and each one's own environment, which is none of the project's."""

import ast
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True)
class Peer:
    """A script in `folder`, with the packages that it needs and, where it has a pom, the jars."""

    name: str
    folder: Path = HERE

    @property
    def script(self) -> Path:
        return self.folder / f"{self.name}.py"

    @property
    def requirements(self) -> Path:
        return self.folder / f"{self.name}.requirements.txt"

    @property
    def pom(self) -> Path:
        return self.folder / f"{self.name}.pom.xml"

    @property
    def title(self) -> str:
        return self._constant("TITLE")

    @property
    def left_out(self) -> str:
        """What of Codetrail's work the script does not do, in its own words."""
        return self._constant("LEFT_OUT")

    @property
    def packages(self) -> str:
        return ", ".join(self.requirements.read_text(encoding="utf-8").split())

    def provision(self, folder: Path) -> Path:
        """The Python of its own environment below `folder`; made anew when what it needs has changed.

        Raises CalledProcessError if a package or a jar cannot be had.
        """
        home = folder / self.name
        needed = b"\n".join(file.read_bytes() for file in (self.requirements, self.pom) if file.exists())
        stamp = home / "provisioned"
        python = home / "bin" / "python"
        if stamp.exists() and stamp.read_bytes() == needed:
            return python
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([UV, "venv", "-q", "--python", "3.11", home], check=True)
        subprocess.run(
            [UV, "pip", "install", "-q", "--compile-bytecode", "--python", python, "-r", self.requirements], check=True
        )
        if self.pom.exists():
            copy = ["dependency:copy-dependencies", f"-DoutputDirectory={home / 'jars'}"]
            subprocess.run(["mvn", "-q", "-B", "-f", self.pom, *copy], check=True)
        stamp.write_bytes(needed)
        return python

    def _constant(self, name: str) -> str:
        """Read, not imported: its packages are not in this environment."""
        for node in ast.parse(self.script.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                return str(ast.literal_eval(node.value))
        raise LookupError(f"{self.script} has no {name}: write it there as one text")


def all_peers(folder: Path = HERE) -> list[Peer]:
    """One for each file of requirements, by name."""
    files = sorted(folder.glob("*.requirements.txt"))
    return [Peer(file.name.removesuffix(".requirements.txt"), folder) for file in files]
