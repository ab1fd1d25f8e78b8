"""Fetches mails as a worker does, with shorter pauses and less patience, until it is killed."""

import functools
import os
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contiple.settings")

import django

if __name__ == "__main__":
    django.setup()
    from tickets.mail import imap, polling

    polling.POLL_S, polling.DOWN_S, polling.DOWN_MAX_S = 0.2, 0.05, 0.2
    polling.opened = functools.partial(imap.opened, timeout_s=1)
    polling.Poller(threading.Event()).run()
