"""A picture of the live page over a workspace, for the README: `python -m services.picture WORKSPACE FILE`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from services.provision import CHROMIUM

COMMAND = Path(sys.executable).with_name("codetrail")
SHOWN = {"width": 1280, "height": 1180}  # down to the last influencers of a campaign
PAGE = "campaigns/always-on"


def picture(workspace: Path, file: Path) -> None:
    """The page as it stands when its charts are drawn; raises RuntimeError if it does not come up."""
    monitor = subprocess.Popen(
        [COMMAND, "--workspace", workspace, "monitor", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        said = monitor.stdout.readline() if monitor.stdout else ""
        address = re.search(r"http://\S+/", said)
        if address is None:
            raise RuntimeError(f"codetrail monitor did not say where the page is: {said!r}")
        with sync_playwright() as playwright:
            program = CHROMIUM if os.access(CHROMIUM, os.X_OK) else shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)
            page = browser.new_page(viewport=SHOWN)
            page.goto(address.group() + PAGE)
            page.locator("#charts canvas").first.wait_for()
            page.screenshot(path=file)
            browser.close()
    finally:
        monitor.terminate()
        monitor.wait()


if __name__ == "__main__":
    picture(Path(sys.argv[1]), Path(sys.argv[2]))
