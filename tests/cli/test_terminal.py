"""What is shown where: progress and colours on a terminal alone, words anywhere that bytes can go."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("codetrail")
ESCAPE = "\x1b"


def on_a_terminal(*arguments, **environment) -> tuple[int, str]:
    """Runs the command with a pseudo-terminal for its output: the exit code, and all that it drew."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    )
    os.close(child)
    drawn = b""
    while chunk := _read(parent):
        drawn += chunk
    os.close(parent)
    return process.wait(timeout=60), drawn.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_a_terminal_sees_that_work_is_under_way(shop):
    code, drawn = on_a_terminal("--workspace", shop, "run")
    assert code == 0
    assert "reading, landing, attributing" in drawn
    assert ESCAPE in drawn
    assert "0 messages" in drawn


def test_json_on_a_terminal_is_json_alone(shop):
    code, drawn = on_a_terminal("--workspace", shop, "run", "--json")
    assert code == 0
    assert drawn.startswith("{")
    assert ESCAPE not in drawn


def test_no_color_is_obeyed(readme_shop):
    _, drawn = on_a_terminal("--workspace", readme_shop.root, "explain", "ORD-1", NO_COLOR="1")
    colours = [code for found in re.findall(r"\x1b\[([0-9;]*)m", drawn) for code in found.split(";")]
    assert not [code for code in colours if code.startswith(("3", "4", "9")) and len(code) == 2]
    assert "@ana.runs" in drawn


def test_pipes_get_words_without_escapes_or_progress(readme_shop, demo):
    for made in (readme_shop, demo):
        assert ESCAPE not in made.ended.out
        assert made.ended.err == ""


HOSTILE = {
    "no colours and a narrow screen": {"NO_COLOR": "1", "COLUMNS": "40"},
    "the C locale": {"LANG": "C", "LC_ALL": "C"},
    "a stream of ASCII": {"PYTHONIOENCODING": "ascii"},
    "no terminal type": {"TERM": "dumb"},
    "colours demanded": {"FORCE_COLOR": "", "TERM": ""},
}


@pytest.mark.parametrize("environment", HOSTILE.values(), ids=HOSTILE)
def test_a_report_survives_the_environment(codetrail, readme_shop, environment):
    ended = codetrail("--workspace", readme_shop.root, "explain", "ORD-1", env=environment)
    assert ended.code == 0, ended.err
    assert "@ana.runs" in ended.out
    assert "53.91" in ended.out
    assert ESCAPE not in ended.out


def test_a_reader_that_leaves_early_is_no_failure(readme_shop):
    line = f"'{COMMAND}' --workspace '{readme_shop.root}' explain ORD-1 | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert "ORD-1" in done.stdout
    assert done.stderr == ""


def test_an_interrupt_ends_with_130_and_one_line(codetrail_here, tmp_path):
    codetrail_here("--workspace", tmp_path, "simulate", "--orders", "300")
    process = subprocess.Popen([COMMAND, "--workspace", tmp_path, "run"], stderr=subprocess.PIPE, text=True)
    commits = tmp_path / "lake" / "clicks" / "_delta_log"
    while not commits.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.strip().count("\n") == 0
    assert "run the same command again" in said
    assert codetrail_here("--workspace", tmp_path, "run").code == 0
