"""A real Chromium for the tests of the page: pages of several sizes, what they complain of, and axe."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from services.provision import CHROMIUM
from tests.browser.complaints import Complaints
from tests.browser.site import Site

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DARK = {"color_scheme": "dark"}
FLAGS = [
    *("--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
]
"""Nothing that a page or Chromium itself asks for leaves this machine."""
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
RUN_AXE = "() => axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium with a home and a profile of its own.

    It ends with the tests of a file, for while Playwright runs, `asyncio.run` cannot be called in its thread.
    """
    program = next((one for one in (CHROMIUM, shutil.which("chromium")) if one and os.access(one, os.X_OK)), None)
    if program is None:
        pytest.skip("NO CHROMIUM HERE, so nobody looked at the page: `make browser` gets it")
    home = {**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))}
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=program, env=home, args=FLAGS, chromium_sandbox=os.geteuid() != 0
        )


@pytest.fixture
def complaints():
    """What the pages of this test complained of; one that `complaints.expect(pattern)` does not cover fails it."""
    complaints = Complaints()
    yield complaints
    complaints.check()


@pytest.fixture
def open_page(browser: Browser, complaints: Complaints):
    """A page in a context of its own, watched to its end: `open_page(**PHONE, **DARK, java_script_enabled=False)`."""
    contexts = []

    def open_one(**options) -> Page:
        contexts.append(browser.new_context(**{**DESKTOP, **options}))
        complaints.listen(contexts[-1])
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        for page in context.pages:
            page.evaluate("0")  # after its answer, what it has said before is heard
        context.close()


@pytest.fixture
def page(open_page) -> Page:
    """A page of a desktop, 1280x800, in light colours."""
    return open_page()


@pytest.fixture(scope="session")
def axe():
    """Every rule of axe that a page breaks, with where and why: `assert axe(page) == []`."""
    source = AXE.read_text(encoding="utf-8")

    def broken_rules(page: Page) -> list[str]:
        page.evaluate(source)
        return [
            f"{rule['id']} ({rule['impact']}) {rule['help']}: {node['html']} — {node['failureSummary']}"
            for rule in page.evaluate(RUN_AXE)["violations"]
            for node in rule["nodes"]
        ]

    return broken_rules


@pytest.fixture
def site():
    """A server of this machine's own for pages that a test makes up."""
    with Site() as site:
        yield site
