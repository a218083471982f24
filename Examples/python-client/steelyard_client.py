# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""A client for devices that Steelyard runs on, with the Gearman library gear.

    device = Device("lb-1.example", [("127.0.0.1", 4730)])
    reply = device.send({"hpcs_action": "STATS"})

It shows what each control plane needs: a foreground job with a unique id of its own, a time-out for each action, different
errors for a FAIL and for a reply that did not come, the codes of failures, and the progress of an ARCHIVE.
"""
import json
import socket
import threading
import uuid

import gear

# Seconds to wait for the reply. The article Messages has the reasons.
TIMEOUTS = {"UPDATE": 120, "SUSPEND": 120, "ENABLE": 120, "DELETE": 120, "ARCHIVE": 3600, "STATS": 5, "METRICS": 5,
            "DISCOVER": 10, "DIAGNOSTICS": 10}


class Failed(Exception):
    """The device has answered with a FAIL: it does not do what the message asks for."""

    def __init__(self, reply):
        super().__init__(reply["hpcs_error"])
        self.reply = reply
        self.code = reply.get("hpcs_error_code")
        self.field = reply.get("hpcs_error_field")


class NoReply(Exception):
    """No reply came. The device may have done what the message asks for, or may do it later: send the message again."""


class _Client(gear.Client):
    """Wakes the thread that waits for a job when the job has ended."""

    def handleWorkComplete(self, packet):
        job = super().handleWorkComplete(packet)
        job.ended.set()
        return job

    def handleWorkFail(self, packet):
        job = super().handleWorkFail(packet)
        job.ended.set()
        return job

    def handleWorkStatus(self, packet):
        job = super().handleWorkStatus(packet)
        if job.progress:
            job.progress(int(job.numerator), int(job.denominator))
        return job

    def handleDisconnect(self, job):
        job.ended.set()
        return job

    def _onConnect(self, conn):
        # Without it, each job takes 40 ms longer: gear sends small packets, and Linux holds them back.
        conn.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super()._onConnect(conn)


class Device:
    """One device, by the function that its agent registers."""

    def __init__(self, function, servers):
        self.function = function
        self._client = _Client("example")
        for host, port in servers:
            self._client.addServer(host, port)
        self._client.waitForServer(timeout=30)

    def close(self):
        self._client.shutdown()

    def send(self, message, progress=None, timeout=None):
        """Sends a message and returns the reply of a PASS.

        Raises Failed for a FAIL, and NoReply if no reply came.
        """
        job = gear.Job(self.function, json.dumps(message).encode(), unique=uuid.uuid4().hex.encode())
        job.ended = threading.Event()
        job.progress = progress
        try:
            self._client.submitJob(job)
        except gear.GearmanError as error:
            raise NoReply(f"no job server has taken the job: {error}") from error
        if not job.ended.wait(timeout or TIMEOUTS[message["hpcs_action"].upper()]):
            raise NoReply("no reply in time")
        if job.failure or not job.complete:
            # An agent completes each job; this comes from a job server, or from a connection that has ended.
            raise NoReply("the job has ended without a reply")
        reply = json.loads(b"".join(job.data))
        if reply["hpcs_response"] != "PASS":
            raise Failed(reply)
        return reply


class Meter:
    """Adds up the bytes of METRICS, none of them twice."""

    def __init__(self):
        self.bytes_out = {"http": 0, "tcp": 0}
        self._start = None
        self._last = {}

    def add(self, reply):
        # A report that was not delivered is contained in the next one, which has the same start.
        if reply["utc_start"] == self._start:
            for protocol, count in self._last.items():
                self.bytes_out[protocol] -= count
        self._start = reply["utc_start"]
        # Entries with an id are parts of these sums.
        self._last = {entry["protocol"]: entry["bytes_out"] for entry in reply["loadBalancers"] if "id" not in entry}
        for protocol, count in self._last.items():
            self.bytes_out[protocol] += count
