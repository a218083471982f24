"""A minimal Gearman client: one connection, one foreground job at a time."""

import json
import socket
import struct

SUBMIT_JOB, WORK_COMPLETE, WORK_FAIL, ERROR = 7, 13, 14, 19


class Client:
    def __init__(self, port, function):
        self.function = function.encode()
        self.socket = socket.create_connection(("127.0.0.1", int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(30)
        self.input = self.socket.makefile("rb")

    def submit(self, payload):
        """Returns the reply's bytes."""
        data = b"\0".join((self.function, b"", payload))
        self.socket.sendall(struct.pack(">4sII", b"\0REQ", SUBMIT_JOB, len(data)) + data)
        while True:
            _, kind, size = struct.unpack(">4sII", self.input.read(12))
            data = self.input.read(size)
            if kind == WORK_COMPLETE:
                return data.split(b"\0", 1)[1]
            if kind in (WORK_FAIL, ERROR):
                raise SystemExit(f"the job failed: {data[:200]}")

    def require(self, message):
        """Submits bytes, or an object as JSON; returns the reply, and exits if it is no PASS."""
        payload = message if isinstance(message, bytes) else encoded(message)
        reply = self.submit(payload)
        if b'"hpcs_response":"PASS"' not in reply:
            raise SystemExit(f"no PASS: {reply[-500:].decode(errors='replace')}")
        return reply

    def close(self):
        self.input.close()
        self.socket.close()


def encoded(message):
    return json.dumps(message, separators=(",", ":")).encode()
