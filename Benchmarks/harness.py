"""Code that the benchmark's sections share: processes, readings from /proc, medians, tables."""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DISCOVER = HERE / "payloads" / "discover.json"
LIMIT, PYTHON = "C echo (the limit)", "Python gear, TCP_NODELAY"
TICKS = os.sysconf("SC_CLK_TCK")


def note(text):
    print(text, file=sys.stderr, flush=True)


class Process:
    """A program with its output in files, stopped by its pid."""

    def __init__(self, name, command, directory):
        self.name = name
        self.out, self.err = directory / "stdout", directory / "stderr"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
        # The object stores of the benchmarks are on this machine.
        environment["STEELYARD_ARCHIVE_ENDPOINTS"] = "127.0.0.1"
        # Otherwise a log larger than the limit would be rotated during the measurement.
        environment["STEELYARD_HAPROXY_LOG_ROTATE_BYTES"] = "0"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            # setpriv executes the program (same pid), which then ends with this process even if that is killed.
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment,
            )

    def fail(self, what):
        tail = self.err.read_text(errors="replace")[-2000:]
        raise SystemExit(f"{self.name}: {what}\n{tail}")

    def wait_until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if self.popen.poll() is not None:
                self.fail(f"ended with {self.popen.returncode}")
            if time.monotonic() > end:
                self.fail(f"not {what} after {seconds} s")
            time.sleep(0.01)

    def wait_ready(self):
        self.wait_until(
            lambda: re.search(r"^ready\b.*\n", self.out.read_text(), re.M), 20, "ready"
        )

    def cpu_seconds(self):
        """User and system time of all threads, in steps of one tick (10 ms)."""
        text = Path(f"/proc/{self.popen.pid}/stat").read_text()
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def memory_kb(self):
        """The process's private memory, and its resident memory including shared libraries."""
        text = Path(f"/proc/{self.popen.pid}/smaps_rollup").read_text()
        kb = {key: int(value) for key, value in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}
        return kb["Private_Clean"] + kb["Private_Dirty"], kb["Rss"]

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                note(f"{self.name}: killed, because it did not end within 10 s of SIGTERM")
                self.popen.kill()
                self.popen.wait()


@dataclass
class Program:
    """A worker to compare. `command` maps a function name and a state directory to a command."""

    name: str
    command: callable
    once: bool = False  # its figures do not vary, so they are measured in the first round only


class Bench:
    """One gearmand on a free loopback port, and the workers that are measured against it."""

    def __init__(self, build, steelyard, rounds, seconds):
        self.build, self.rounds, self.seconds = build, rounds, seconds
        self.steelyard = steelyard
        self.scratch = Path(tempfile.mkdtemp(prefix="steelyard-bench-"))
        self.processes, self.errors = [], 0
        self.update = self.scratch / "update.json"
        with open(self.update, "wb") as out:
            command = [sys.executable, HERE / "payloads" / "update.py"]
            subprocess.run(command, stdout=out, check=True)

        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])
        self.start_gearmand()

        gear = [build / "venv/bin/python", HERE / "peers" / "gear_worker.py"]
        at = ["127.0.0.1", self.port]
        self.programs = [
            Program(LIMIT, lambda f, _: [build / "echo_worker", *at, f]),
            Program(PYTHON, lambda f, _: [*gear, *at, f, "--nodelay"]),
            Program("Python gear as published", lambda f, _: [*gear, *at, f], once=True),
        ]
        if steelyard:
            self.programs.insert(1, Program("Steelyard, noop driver", lambda f, state: [
                steelyard, "worker", "--driver", "noop", "--gearman", ":".join(at),
                "--function", f, "--state-dir", state, "--log-level", "error",
            ]))

    def start_gearmand(self):
        gearmand = shutil.which("gearmand", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        # 32 clients connect at once, which the default backlog of 32 may exceed: a dropped SYN costs 1 s.
        self.gearmand = self.start("gearmand", [
            gearmand, "--listen=127.0.0.1", f"--port={self.port}", "--backlog=256", "--file-descriptors=8192",
            "--log-file=stderr", f"--pid-file={self.scratch}/gearmand.pid",
        ])
        self.gearmand.wait_until(self.listens, 10, "listening")

    def in_round(self, round):
        return [program for program in self.programs if round == 1 or not program.once]

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.port))) == 0

    def start(self, name, command):
        process = Process(name, command, Path(tempfile.mkdtemp(dir=self.scratch)))
        self.processes.append(process)
        return process

    def command(self, program):
        """A command with its own function name and state directory."""
        state = tempfile.mkdtemp(dir=self.scratch)
        function = "bench-" + Path(state).name
        return function, program.command(function, state)

    def worker(self, program):
        function, command = self.command(program)
        process = self.start(program.name, command)
        process.function = function
        process.wait_ready()
        return process

    def load(self, *arguments):
        """Runs load.c and returns what it printed, as numbers."""
        command = [str(self.build / "load"), *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=self.seconds + 300)
        result = {k: float(v) for k, v in (pair.split("=") for pair in done.stdout.split())}
        if not result:
            raise SystemExit(f"failed: {' '.join(command[1:])}")
        self.errors += int(result.get("errors", 0))
        return result

    def run_load(self, worker, clients, payload, seconds=None):
        """Load on a worker; adds the CPU time that a job cost the worker."""
        before = worker.cpu_seconds()
        result = self.load("127.0.0.1", self.port, worker.function, clients,
                           seconds or self.seconds, payload)
        if worker.popen.poll() is not None:
            worker.fail(f"ended with {worker.popen.returncode} under load")
        used = worker.cpu_seconds() - before
        # Below 0.1 s, the reading's step of 10 ms exceeds a tenth of the value: no figure then.
        result["cpu_us"] = used / result["jobs_all"] * 1e6 if used >= 0.1 else None
        return result

    def first_job(self, program, runs):
        function, command = self.command(program)
        return self.load("--exec-first", runs, "127.0.0.1", self.port, function, DISCOVER,
                         "--", *command)

    def stop(self, *processes):
        for process in processes:
            process.stop()
            self.processes.remove(process)

    def close(self):
        for process in reversed(self.processes):  # gearmand last
            process.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]


def ratio(mine, theirs):
    """The median of the ratios within the rounds: a disturbance of a round slows both sides."""
    return median(m / t for m, t in zip(mine, theirs) if m and t)


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def times(value):
    """A ratio; small ones with one more digit."""
    return number(value, 2 if value is None or value >= 0.1 else 3)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
