"""A program in a network of its own: this machine reaches it through its doors, and it what it is led to."""

import subprocess
import sys
import time
import urllib.request

import pytest

from services.broker import _free_ports
from services.enclosed import CannotEnclose, Enclosure

SERVE = [sys.executable, "-m", "http.server"]
PATIENCE = 20.0  # seconds


@pytest.fixture
def enclosure():
    try:
        made = Enclosure()
    except CannotEnclose as error:
        pytest.skip(f"NOT TESTED, programs in a network of their own: this user may make none ({error})")
    yield made
    made.close()


def served(port, folder, start=subprocess.Popen):
    (folder / "who").write_text("it answers")
    return start([*SERVE, str(port), "--directory", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask(port):
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/who", timeout=PATIENCE) as answer:
                return answer.read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_only_what_is_led_in_is_reached(enclosure, tmp_path):
    open_port, shut = _free_ports(2)
    programs = [served(port, tmp_path, enclosure.start) for port in (open_port, shut)]
    try:
        enclosure.lead_in(open_port)
        assert ask(open_port) == b"it answers"
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://127.0.0.1:{shut}/who", timeout=PATIENCE)
    finally:
        for program in programs:
            program.kill()
            program.wait()


def test_what_it_is_led_to_it_reaches(enclosure, tmp_path):
    (port,) = _free_ports(1)
    program = served(port, tmp_path)
    try:
        ask(port)
        enclosure.lead_out(port)
        script = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/who').read().decode())"
        inside = enclosure.start([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert inside.communicate(timeout=PATIENCE)[0] == b"it answers\n"
    finally:
        program.kill()
        program.wait()
