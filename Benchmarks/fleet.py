"""A thousand agents on one gearmand: memory per agent, rounds of STATS, growth, and recovery after a restart."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gearman import Client
from harness import median, note, number, percentile, table

AGENTS = 1000
ROUNDS = 10
CLIENTS = 8
STATS = b'{"hpcs_action":"STATS"}'


def run(bench):
    program = next(p for p in bench.programs if p.name.startswith("Steelyard"))
    began = time.monotonic()
    workers = []
    for index in range(AGENTS):
        function, command = bench.command(program)
        worker = bench.start(program.name, command)
        worker.function = function
        workers.append(worker)
        # The number of agents that start in parallel.
        if index % 16 == 15:
            workers[index - 15].wait_ready()
    for worker in workers:
        worker.wait_ready()
    started = time.monotonic() - began
    note(f"fleet: {AGENTS} agents ready after {started:.1f} s")

    stats_round(bench, workers, bench.update.read_bytes())
    time.sleep(5)
    first = usage(workers)
    gearmand = bench.gearmand.memory_kb()[1]
    rounds = [stats_round(bench, workers, STATS) for _ in range(ROUNDS)]
    time.sleep(5)
    last = usage(workers)
    back = restart(bench, workers)
    bench.stop(*workers)

    def column(rows, index):
        return [row[index] for row in rows]

    rows = [
        [name, number(median(column(first, index)), digits), number(median(column(last, index)), digits),
         number(max(column(last, index)), digits)]
        for index, (name, digits) in enumerate([
            ("private memory, kB", 0), ("resident memory, kB", 0), ("descriptors", 0), ("threads", 0)])
    ]
    seconds = [r[0] for r in rounds]
    answers = [answer for r in rounds for answer in r[1]]
    return [
        f"## {AGENTS:,} agents on one gearmand", "",
        f"All agents started within {started:.0f} s; gearmand uses {gearmand / 1024:.0f} MiB. Each got an UPDATE "
        f"of 20 kB, then {ROUNDS} rounds of STATS from {CLIENTS} clients.", "",
        *table(["of each agent", "before the rounds", "after", "the largest"], rows), "",
        f"One round of STATS: {median(seconds):.2f} s (p50 of one {1000 * median(answers):.1f} ms, "
        f"p99 {1000 * percentile(answers, 99):.1f} ms). After a kill and restart of gearmand, all were registered "
        f"within {back:.1f} s.",
    ]


def usage(workers):
    def one(worker):
        private, resident = worker.memory_kb()
        base = Path(f"/proc/{worker.popen.pid}")
        return private, resident, len(list((base / "fd").iterdir())), len(list((base / "task").iterdir()))

    return [one(worker) for worker in workers]


def stats_round(bench, workers, message):
    """Sends each agent one message; returns the seconds of the round, and of each answer."""
    def serve(part):
        times = []
        for worker in part:
            client = Client(bench.port, worker.function)
            begun = time.monotonic()
            client.require(message)
            times.append(time.monotonic() - begun)
            client.close()
        return times

    begun = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(serve, [workers[index::CLIENTS] for index in range(CLIENTS)]))
    return time.monotonic() - begun, [answer for part in answers for answer in part]


def restart(bench, workers):
    """Kills and restarts gearmand; returns the seconds until the last agent has answered."""
    bench.gearmand.popen.kill()
    bench.gearmand.popen.wait()
    bench.processes.remove(bench.gearmand)
    time.sleep(2)
    bench.start_gearmand()
    begun = time.monotonic()
    stats_round(bench, workers, STATS)
    return time.monotonic() - begun
