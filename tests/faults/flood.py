"""A flood from a process of its own: uploads of 1 GB and sign-ins, all at once. Prints the statuses of the answers."""

import asyncio
import contextlib
import json
import sys
import urllib.request
from collections import Counter

GIGABYTE = 1024**3
POST = (
    "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
)


async def ask(port: int, head: str, body: bytes, times: int = 1) -> int:
    """Sends ``body`` so often, as far as it is taken. Returns the status, or 0 if there is no answer."""
    status = 0
    with contextlib.suppress(OSError, IndexError, ValueError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = asyncio.create_task(reader.readline())  # a refused connection may be reset later
        with contextlib.suppress(OSError):
            writer.write(head.encode() + b"\r\n")
            for _ in range(times):
                if answer.done():
                    break
                writer.write(body)
                async with asyncio.timeout(5):
                    await writer.drain()
        status = int((await answer).split()[1])
        writer.close()
    return status


def cookie_of(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/") as page:
        return page.headers["Set-Cookie"].split(";")[0]


async def flood(port: int, uploads: int, sign_ins: int, cookie: str) -> dict[str, Counter[int]]:
    token = cookie.partition("=")[2]
    upload = POST.format(path="/hc/demo/contact/", kind="multipart/form-data; boundary=x", size=GIGABYTE)
    form = [f"email=nobody{at}@example.com&password=wrong&csrfmiddlewaretoken={token}" for at in range(sign_ins)]
    kind = "application/x-www-form-urlencoded"
    heads = [POST.format(path="/sign-in/", kind=kind, size=len(body)) + f"Cookie: {cookie}\r\n" for body in form]
    uploading = asyncio.gather(*(ask(port, upload, b"x" * 65536, GIGABYTE // 65536) for _ in range(uploads)))
    signing_in = asyncio.gather(*(ask(port, *both) for both in zip(heads, map(str.encode, form), strict=True)))
    return {"uploads": Counter(await uploading), "sign_ins": Counter(await signing_in)}


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    print(json.dumps(asyncio.run(flood(*numbers, cookie_of(numbers[0])))))
