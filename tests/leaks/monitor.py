"""Every command that reaches Redis, by `MONITOR`."""

import re
import socket
import threading

import redis

WITHIN_S = 10
CHUNK = 64 * 1024
LAST_WORDS = b'"PUBLISH" "monitor" "stop"'
_ESCAPED = re.compile(rb"\\(x[0-9a-f]{2}|.)")
_SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}


class Monitor:
    """From its making until ``stop``."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(url)
        place = self.redis.connection_pool.connection_kwargs
        self.line = socket.create_connection((place["host"], place["port"]), timeout=WITHIN_S)
        self.line.sendall(b"MONITOR\r\n")
        assert self.line.recv(5) == b"+OK\r\n"
        self.line.settimeout(None)
        self.heard = bytearray()
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def stop(self) -> bytes:
        """What it heard, as it was sent: everything up to now, and then its last words."""
        self.redis.publish("monitor", "stop")
        self.thread.join(WITHIN_S)
        assert not self.thread.is_alive(), "Redis does not say what it is told"
        self.line.close()
        return _ESCAPED.sub(_sign, bytes(self.heard))

    def values(self) -> bytes:
        """What Redis holds, key by key, in its own form without compression."""
        self.redis.config_set("rdbcompression", "no")
        return b"\n".join(part for key in self.redis.scan_iter() for part in (key, self.redis.dump(key) or b""))

    def _listen(self) -> None:
        """Until its own last words, or the end of Redis."""
        while LAST_WORDS not in self.heard[-2 * CHUNK :] and (came := self.line.recv(CHUNK)):
            self.heard += came


def _sign(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes.fromhex(code[1:].decode()) if len(code) == 3 else _SIGNS.get(code, code)
