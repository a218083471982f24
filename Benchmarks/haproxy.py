"""HAProxy without an agent: started, queried and reloaded by a script."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

BINARY = "/usr/sbin/haproxy"
POLL = 0.003


def ask(path, command):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(command.encode() + b"\n")
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


class Master:
    """A running master."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.socket = self.directory / "master.sock"

    def processes(self):
        """The master, its reloads and failed reloads, the worker; None while it is not running."""
        try:
            text = ask(self.socket, "show proc")
        except (ConnectionError, FileNotFoundError):
            return None
        master = re.search(r"^(\d+) +master +(\d+)(?: +\[failed: (\d+)\])?", text, re.M)
        worker = re.search(r"^# workers\n(\d+) +worker", text, re.M)
        if not master or not worker:
            return None
        return int(master[1]), int(master[2]), int(master[3] or 0), int(worker[1])

    def reloads(self):
        return self.processes()[1]

    def stop(self):
        """Ends the process by its ID if it is still running."""
        found = self.processes()
        if found and str(self.directory) in Path(f"/proc/{found[0]}/cmdline").read_text():
            os.kill(found[0], signal.SIGTERM)


class Reference(Master):
    """A separate HAProxy with a file that an agent has written."""

    def __init__(self, directory, port, text):
        super().__init__(directory)
        self.file, self.address, self.port = self.directory / "haproxy.cfg", "127.0.0.1", port
        self.file.write_text(text)
        (self.directory / "servers.state").write_text("1\n")
        with open(self.directory / "log", "wb") as log:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", BINARY, "-W", "-S", f"{self.socket},mode,600",
                 "-f", self.file],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            )
        end = time.monotonic() + 10
        while not self.processes():
            if self.popen.poll() is not None or time.monotonic() > end:
                raise SystemExit((self.directory / "log").read_text()[-2000:])
            time.sleep(0.01)

    def replace(self, text, carrying=False):
        """Acts like a script: checks the file, reloads, and waits for a new worker.

        With `carrying`, the new worker gets the results of the old one's checks, and must
        answer.
        """
        before = self.processes()
        self.file.write_text(text)
        states = self.directory / "servers.state"
        states.write_text("1\n")
        begin = time.perf_counter()
        subprocess.run([BINARY, "-c", "-f", self.file], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if carrying:
            states.write_text(ask(self.directory / "admin.sock", "show servers state"))
        ask(self.socket, "reload")
        while True:
            now = self.processes()
            if now and now[1] == before[1] + 1 and now[2] == 0 and now[3] != before[3]:
                break
            if time.perf_counter() - begin > 20:
                raise SystemExit("the reference did not reload within 20 s")
            time.sleep(POLL)
        socket.create_connection((self.address, self.port)).close()
        if carrying:
            ask(self.socket, f"@!{now[3]} show info")
        return time.perf_counter() - begin

    def stop(self):
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(10)
