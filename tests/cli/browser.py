"""A headless Chromium, where the machine has one or may install it."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver

from cluster.paths import CACHE, may_install

PACKAGES = ("chromium", "chromium-driver")


def _programs() -> tuple[str | None, str | None]:
    return shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")


def _ensure() -> tuple[str, str]:
    """Chromium and its driver; skips, with the reason, where there are none."""
    browser, driver = _programs()
    if not (browser and driver):
        command = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
        if not (may_install() and os.geteuid() == 0 and shutil.which("apt-get")):
            pytest.skip(f"left out, the report in a browser: run `{command}`, or set LEVADA_INSTALL=1 as root")
        _install()
        browser, driver = _programs()
    assert browser
    assert driver
    return browser, driver


def _install() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with (CACHE / "apt.lock").open("w") as lock:  # pytest-xdist: one worker installs, the others find it installed
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(_programs()):
            for arguments in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
                subprocess.run(["apt-get", "-qq", *arguments], env=quiet, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def chromium(folder) -> Iterator[webdriver.Chrome]:
    """A browser that keeps everything it has in `folder` and records every request."""
    browser, driver = _ensure()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    # As root, in a container, Chromium's own sandbox cannot start; what it opens here is our own page.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--window-size=1400,1600", f"--user-data-dir={folder}", "--disable-background-networking",
                     "--no-first-run", "--disable-component-update"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    try:
        yield opened
    finally:
        opened.quit()
