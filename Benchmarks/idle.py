"""The memory of an idle worker, and the time from its exec to its first answer."""

import time

from harness import DISCOVER, LIMIT, PYTHON, median, note, number, ratio, table, times

RUNS = 7
MAX_ROUNDS = 3  # these figures vary little


def run(bench):
    results = {program.name: [] for program in bench.programs}
    rounds = min(bench.rounds, MAX_ROUNDS)
    for round in range(1, rounds + 1):
        note(f"idle: round {round} of {rounds}")
        for program in bench.in_round(round):
            # Alone, because a worker that shares its pages would make it look smaller.
            worker = bench.worker(program)
            for payload in (DISCOVER, bench.update):
                bench.run_load(worker, 1, payload, seconds=0.25)
            time.sleep(1)
            private, resident = worker.memory_kb()
            bench.stop(worker)
            first = bench.first_job(program, RUNS)["exec_to_first_ms"]
            results[program.name].append((private, resident, first))

    def column(program, index):
        return [result[index] for result in results[program]]

    rows = []
    for program in (p.name for p in bench.programs):
        private, first = column(program, 0), column(program, 2)
        rows.append([
            program, number(median(private)), number(median(column(program, 1))),
            times(ratio(private, column(LIMIT, 0))),
            times(ratio(private, column(PYTHON, 0))),
            number(median(first), 1),
            times(ratio(first, column(LIMIT, 2))), times(ratio(first, column(PYTHON, 2))),
        ])
    return [
        "## Idle memory and start", "",
        f"Memory after DISCOVERs and UPDATEs and 1 s of idling; first job: from exec to the reply "
        f"to a DISCOVER that was waiting. Medians of {rounds} round(s) (first job: {RUNS} "
        "starts in each).", "",
        *table(["worker", "private kB", "resident kB", "private ÷ C echo",
                "private ÷ Python, TCP_NODELAY", "first job ms", "first job ÷ C echo",
                "first job ÷ Python, TCP_NODELAY"], rows),
    ]
