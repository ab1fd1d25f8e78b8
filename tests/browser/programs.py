"""The programs that the tests can drive, and where this machine has one."""

import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL = "chromium-headless-shell"  # the same engine without windows, at two thirds of the processor's time


def found(programs: tuple[str, ...]) -> str:
    """Returns the path of the first of these programs that is on this machine."""
    for name in programs:
        if path := shutil.which(name):
            return path
    pytest.fail("No Chromium on this machine: apt-get install chromium")
