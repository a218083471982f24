"""Throughput, latency and CPU time per job, with 1 to 32 clients."""

from harness import DISCOVER, LIMIT, PYTHON, median, note, number, ratio, table, times


def run(bench):
    loads = [(name, payload, clients)
             for name, payload in (("DISCOVER", DISCOVER), ("UPDATE", bench.update))
             for clients in (1, 8, 32)]
    results = {(name, clients, program.name): []
               for name, _, clients in loads for program in bench.programs}

    for round in range(1, bench.rounds + 1):
        note(f"transport: round {round} of {bench.rounds}")
        workers = [bench.worker(program) for program in bench.in_round(round)]
        # The programs alternate after each load, in reverse order every second round, so that
        # neither other load on the machine nor the order favours one of them.
        order = workers if round % 2 else workers[::-1]
        for name, payload, clients in loads:
            for worker in order:
                result = bench.run_load(worker, clients, payload)
                results[name, clients, worker.name].append(result)
        bench.stop(*workers)

    rows = []
    for name, _, clients in loads:
        def column(program, key):
            return [result[key] for result in results[name, clients, program]]

        for program in (p.name for p in bench.programs):
            rate = column(program, "jobs_per_s")
            rows.append([
                name, str(clients), program,
                number(median(rate)),
                number(median(column(program, "p50_us")) / 1e3, 2),
                number(median(column(program, "p99_us")) / 1e3, 2),
                number(median(column(program, "cpu_us"))),
                times(ratio(rate, column(LIMIT, "jobs_per_s"))),
                times(ratio(rate, column(PYTHON, "jobs_per_s"))),
            ])
    size = bench.update.stat().st_size
    return [
        "## Transport", "",
        f"Closed loop; an UPDATE is {size / 1000:.1f} kB. Medians of {bench.rounds} round(s) of "
        f"{bench.seconds:g} s; ratios are of jobs/s, taken within a round.", "",
        *table(["message", "clients", "worker", "jobs/s", "p50 ms", "p99 ms", "CPU µs/job",
                "÷ C echo", "÷ Python, TCP_NODELAY"], rows),
    ]
