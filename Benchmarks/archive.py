"""The rate of archiving a log to a real OpenStack Swift, compared with other ways."""

import hashlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from pathlib import Path

import changes
from harness import HERE, median, note, number, ratio, table, times

PROTOCOLS = ("http", "tcp")  # of the load balancers 1 and 2
STORE = HERE.parent / "Tests/TestServers/openstack-swift/openstack-swift"
SIZE = int(os.environ.get("STEELYARD_TEST_LOG_BYTES", 10**9))
LARGE = 10  # times the size, for the memory only
ROUNDS = 3
MINE, LIBRA, GZIP, PIGZ, READY = (
    "Steelyard", "Libra's way (Python, gzip 9, python-swiftclient)", "`grep \\| gzip -6 \\| curl`",
    "`grep \\| pigz -6 \\| curl`", "the store alone: `curl` of Steelyard's objects",
)
# The field of a line that names its proxy: HTTP and TCP lines, errors, and messages about a server or a proxy.
FIELD = re.compile(rb"^(?:\S+ \[[^\]]*\] ([\w-]+)[~ /:]|(?:Server|Backup Server|Proxy) ([\w-]+)[ /])")


class Store:
    """A dedicated real OpenStack Swift."""

    def __init__(self, folder):
        self.folder = folder
        printed = self.command("up", "--owner", str(os.getpid()))
        values = dict(shlex.split(line)[1].split("=", 1) for line in printed.splitlines())
        self.url, self.token = values["OS_STORAGE_URL"], values["OS_AUTH_TOKEN"]

    def command(self, name, *arguments):
        command = [sys.executable, "-B", STORE, name, self.folder, *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    def open(self, path, method="GET"):
        request = urllib.request.Request(f"{self.url}/{path}", method=method, headers={"X-Auth-Token": self.token})
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)

    def objects(self, container):
        with self.open(container) as answer:
            return [f"{container}/{name}" for name in answer.read().decode().split()]

    def size(self, path):
        with self.open(path, "HEAD") as answer:
            return int(answer.headers["Content-Length"])

    def take(self, container):
        """Removes all objects and returns their size in bytes."""
        names = self.objects(container)
        total = sum(self.size(name) for name in names)
        for name in names:
            self.open(name, "DELETE").close()
        return total

    def upload(self, path):
        """A `curl` that uploads its standard input."""
        return (f"curl -fsS --noproxy '*' -o /dev/null -T - -H 'X-Auth-Token: {self.token}' "
                f"{shlex.quote(f'{self.url}/{path}')}")


class Archiving(changes.Agent):
    """An agent with two load balancers, and with this log instead of HAProxy's."""

    def __init__(self, bench, log, store):
        super().__init__(bench)
        self.store = store
        self.client.require(changes.message(2))
        place = self.directory / "haproxy.log"
        place.unlink()
        os.link(log, place)

    def archive(self, container):
        self.client.require({
            "hpcs_action": "ARCHIVE", "hpcs_object_store_type": "swift",
            "hpcs_object_store_endpoint": self.store.url, "hpcs_object_store_token": self.store.token,
            "hpcs_object_store_basepath": container,
            "loadbalancers": [{"id": str(n), "protocol": p.upper()} for n, p in enumerate(PROTOCOLS, 1)],
        })

    def peak_kb(self):
        text = Path(f"/proc/{self.process.popen.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB", text, re.M)[1])


def elapsed(work, *arguments):
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def pipeline(store, log, container, compressor):
    for protocol in PROTOCOLS:
        script = (f"set -o pipefail; grep -F {protocol}-in {shlex.quote(str(log))} | {compressor} | "
                  + store.upload(f"{container}/{protocol}.gz"))
        subprocess.run(["bash", "-c", script], check=True)


def digests(log):
    """The lines that an independent filter selects by the field."""
    sums = {protocol: hashlib.sha256() for protocol in PROTOCOLS}
    with open(log, "rb") as lines:
        for line in lines:
            found = FIELD.match(line)
            name = (found[1] or found[2]).decode() if found else ""
            if name.rpartition("-")[0] in sums:
                sums[name.rpartition("-")[0]].update(line)
    return [digest.hexdigest() for digest in sums.values()]


def stored_digest(store, path):
    digest, unzip = hashlib.sha256(), zlib.decompressobj(31)
    with store.open(path) as answer:
        while block := answer.read(1 << 20):
            while block:
                digest.update(unzip.decompress(block))
                block = unzip.unused_data
                if unzip.eof:
                    unzip = zlib.decompressobj(31)
    return digest.hexdigest()


def require_whole(store, container, expected):
    """Checks that the archive contains exactly the load balancer's lines."""
    found = [stored_digest(store, name) for name in sorted(store.objects(container))]
    if found != expected:
        raise SystemExit(f"the archives in {container} differ from the filter's lines")


def upload_ready(store, files):
    for number, file in enumerate(files):
        script = store.upload(f"ready/{number}") + " < " + shlex.quote(str(file))
        subprocess.run(["bash", "-c", script], check=True)


def libra(bench, store, log):
    """Seconds and kilobytes."""
    command = [bench.build / "venv/bin/python", HERE / "peers/libra_archive.py", log, store.url, store.token, "libra"]
    begin = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("Libra's way failed")
    return time.perf_counter() - begin, usage.ru_maxrss


def measure(bench, store, folder, log):
    seconds = {name: [] for name in (MINE, GZIP, PIGZ, READY, LIBRA)}
    sizes, memory = {}, {}
    for container in ("gzip", "pigz", "ready"):
        store.open(container, "PUT").close()
    with Archiving(bench, log, store) as agent:
        note("archive: checking")
        agent.archive("checked")
        require_whole(store, "checked", digests(log))
        files = []
        for number, name in enumerate(store.objects("checked")):
            files.append(folder / f"ready-{number}")
            with store.open(name) as answer:
                files[-1].write_bytes(answer.read())
        for round in range(1, ROUNDS + 1):
            note(f"archive: round {round} of {ROUNDS}")
            seconds[MINE].append(elapsed(agent.archive, "mine"))
            sizes[MINE] = store.take("mine")
            for name, tool in ((PIGZ, "pigz"), (GZIP, "gzip")):
                seconds[name].append(elapsed(pipeline, store, log, tool, f"{tool} -6"))
                sizes[name] = store.take(tool)
            seconds[READY].append(elapsed(upload_ready, store, files))
            sizes[READY] = store.take("ready")
        memory[MINE] = agent.peak_kb()
    note("archive: Libra's way")
    taken, memory[LIBRA] = libra(bench, store, log)
    seconds[LIBRA] = [taken]
    sizes[LIBRA] = store.take("libra")
    return seconds, sizes, memory


def large(bench, store, log):
    """The peak memory of an agent that archives a much larger log."""
    note(f"archive: {LARGE} times as much")
    with open(log, "rb") as source, open(log.with_suffix(".large"), "wb") as out:
        for _ in range(LARGE):
            source.seek(0)
            while block := source.read(1 << 22):
                out.write(block)
    with Archiving(bench, log.with_suffix(".large"), store) as agent:
        taken = elapsed(agent.archive, "large")
        store.take("large")
        return taken, agent.peak_kb()


def run(bench):
    if not bench.steelyard:
        return []
    folder = Path(tempfile.mkdtemp(dir=bench.scratch))
    log = folder / "haproxy.log"
    note(f"archive: writing a log of {SIZE} bytes")
    with open(log, "wb") as out:
        subprocess.run([sys.executable, HERE / "payloads/makelog.py", str(SIZE)], stdout=out, check=True)
    store = Store(folder / "store")
    try:
        seconds, sizes, memory = measure(bench, store, folder, log)
        taken, peak = large(bench, store, log)
    finally:
        store.command("down", "--rm")
    rows = [
        [name, number(SIZE / median(values) / 1e6), times(ratio([v / m for v, m in zip(values, seconds[MINE])], [1] * ROUNDS)),
         number(sizes[name] / 1e6, 1), number(memory[name] / 1024, 1) if name in memory else "–"]
        for name, values in seconds.items()
    ]
    return [
        f"## ARCHIVE of {number(SIZE / 1e6)} MB of log, two load balancers, to OpenStack Swift", "",
        "All to the same store, which shares the cores. Steelyard's objects were compared with an independent filter.", "",
        *table(["way", "MB/s of log", "Steelyard ÷ it", "compressed MB", "peak memory MiB"], rows), "",
        f"{number(SIZE * LARGE / 1e6)} MB: {number(SIZE * LARGE / taken / 1e6)} MB/s, peak {number(peak / 1024, 1)} MiB.",
    ]
