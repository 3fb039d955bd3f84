"""What a command and its descendants use: also those that outlive their parent, and nothing when it fails silently."""

import json
import subprocess
import sys

WORK = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
ORPHANING = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WORK!r}]); print('noise')"


def measured(*command):
    return subprocess.run([sys.executable, "-m", "bench.peers.measured", *command], capture_output=True, text=True)


def test_a_process_that_outlives_its_parent_counts():
    done = measured(sys.executable, "-c", ORPHANING)
    used = json.loads(done.stdout)
    assert done.returncode == 0
    assert used["cpu"] >= 0.5
    assert used["peak_mb"] > 0
    assert "noise" in done.stderr


def test_it_ends_as_the_command_ended():
    assert measured(sys.executable, "-c", "raise SystemExit(3)").returncode == 3
