"""Runs the sections of the benchmark and writes the report. `scripts/bench` calls this.

A section is a module with `run(bench)`, which returns lines of Markdown; add it to SECTIONS.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import archive
import certificates
import changes
import fleet
import idle
import many
import transport
from harness import Bench

SECTIONS = {"transport": transport.run, "idle": idle.run, "changes": changes.run,
            "certificates": certificates.run, "many": many.run, "archive": archive.run, "fleet": fleet.run}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", allow_abbrev=False)
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--steelyard", type=Path, help="the binary to measure, already built")
    parser.add_argument("--without-steelyard", action="store_true", help="measure the others only")
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    parser.add_argument("--seconds", type=float, default=1, help="of each load; default: 1")
    parser.add_argument("--only", metavar="SECTIONS", help="sections to run, with commas: " + ",".join(SECTIONS))
    options = parser.parse_args()
    sections = options.only.split(",") if options.only else list(SECTIONS)
    if unknown := [name for name in sections if name not in SECTIONS]:
        parser.error(f"--only: unknown section {unknown[0]!r}; the sections are {', '.join(SECTIONS)}")
    if options.rounds < 1 or not 0 < options.seconds <= 3600:
        parser.error("--rounds must be at least 1, --seconds above 0 and at most 3600")
    if options.without_steelyard:
        steelyard = None
    elif options.steelyard and options.steelyard.is_file():
        steelyard = options.steelyard.resolve()
    else:
        parser.error(f"no steelyard binary at {options.steelyard}")

    # A signal raises an exception, so that the processes started here are stopped.
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        signal.signal(number, lambda signum, _: sys.exit(128 + signum))

    bench = Bench(options.build.resolve(), steelyard, options.rounds, options.seconds)
    try:
        report = ["# Benchmark report", "",
                  f"Workers, gearmand and clients share {os.cpu_count()} cores, over loopback."]
        for name in sections:
            report += ["", *SECTIONS[name](bench)]
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        bench.close()
    report += ["", f"Replies without PASS, and failed jobs: {bench.errors}."]
    text = "\n".join(report) + "\n"
    (options.build / "report.md").write_text(text)
    print(text, end="")
    return 1 if bench.errors else 0


sys.exit(main())
