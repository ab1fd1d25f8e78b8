#!/usr/bin/env python3
"""Contiple's commands: `manage.py help` lists them, `make run` uses `run`."""

import sys

# Before any import: an older Python can't even read the rest, and would say so with a stack trace.
if sys.version_info < (3, 11):
    sys.exit("Contiple needs Python 3.11 or later; this is Python %d.%d." % sys.version_info[:2])

if __name__ == "__main__":
    from contiple.local.startup import main

    main(sys.argv)
