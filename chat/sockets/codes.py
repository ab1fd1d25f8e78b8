"""Codes a socket is closed with (RFC 6455 §7.4.2 leaves 4000–4999 to applications).

After 4401 and 4403 a client does not come back; after the others it does.
"""

UNKNOWN = 4401  # no session, no token: we don't know who this is
FORBIDDEN = 4403  # not permitted, or not any more
SLOW = 4408  # the client did not say hello in time, does not read, or floods
AGAIN = 4500  # something failed here: connect again
