#!/usr/bin/env python3
"""Writes a log in HAProxy's format: two thirds HTTP, one third TCP, a few of HAProxy's messages.

    makelog.py BYTES [SEED] > haproxy.log

The same arguments give the same log. Lines vary like real ones: addresses, times, sizes and paths.
"""
import random
import sys

WORDS = ["api", "v1", "users", "orders", "static", "img", "cart", "search", "login", "items", "health"]


def line(rng: random.Random, milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    when = f"{23 + hours // 24 % 7:02d}/Nov/2026:{hours % 24:02d}:{minute:02d}:{second:02d}.{fraction:03d}"
    # A few clients make most requests.
    client = f"10.0.{rng.randrange(4)}.{int(rng.expovariate(1 / 25)) % 256}:{rng.randrange(32768, 61000)}"
    kind = rng.random()
    node = rng.randrange(1, 9)
    if kind < 0.0005:
        return f'Server http-servers/id-{node} is DOWN, reason: Layer4 connection problem, check duration: 0ms.'
    times = f"{rng.randrange(3)}/0/{rng.randrange(5)}"
    busy = rng.randrange(40)
    tail = f"{busy + 2}/{busy}/{busy // 4}/{busy // 8}/0 0/0"
    if kind < 1 / 3:
        size = rng.randrange(200, 90000)
        return f"{client} [{when}] tcp-in tcp-servers/id-{node} {times} {size} -- {tail}"
    path = "/".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 5)))
    status = rng.choice((200, 200, 200, 200, 204, 301, 304, 404, 500))
    size = len(path) * 37 % 5000 + 120
    taken = int(rng.expovariate(1 / 20))
    method = rng.choice(("GET", "GET", "GET", "POST"))
    return (
        f"{client} [{when}] http-in http-servers/id-{node} {times}/{taken}/{taken + 3} {status} {size} - - ---- "
        f'{tail} "{method} /{path} HTTP/1.1"'
    )


def main() -> None:
    size = int(sys.argv[1])
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    # Some megabytes of different lines, repeated, each time a second later in the hour:
    # no compressor looks that far back, and Python is slow.
    block = [line(rng, index * 3 + rng.randrange(3)) for index in range(60000)]
    out = sys.stdout.buffer
    written = turn = 0
    while written < size:
        minute = f":{turn % 60:02d}."
        text = "\n".join(entry.replace(":00.", minute, 1) for entry in block) + "\n"
        data = text.encode()
        if written + len(data) > size:
            end = data.rfind(b"\n", 0, size - written)
            out.write(data[: end + 1])
            return
        out.write(data)
        written += len(data)
        turn += 1


if __name__ == "__main__":
    main()
