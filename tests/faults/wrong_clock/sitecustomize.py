"""Put on PYTHONPATH, it sets the clock of one Python process wrong by ``CLOCK_OFF_S`` seconds.

``time.time`` and Django's ``timezone.now``: all by which the product and its libraries tell the time of day.
"""

import os
import sys
import time
from datetime import timedelta

OFF_S = float(os.environ.get("CLOCK_OFF_S", "0"))

if OFF_S:
    from django.utils import timezone

    _time, _time_ns, _now = time.time, time.time_ns, timezone.now
    time.time = lambda: _time() + OFF_S
    time.time_ns = lambda: _time_ns() + round(OFF_S * 1e9)
    print(f"This clock is off by {OFF_S:.0f} s.", file=sys.stderr, flush=True)
    timezone.now = lambda: _now() + timedelta(seconds=OFF_S)
