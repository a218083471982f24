"""Archives a log like OpenStack Libra's worker; an independent implementation.

    libra_archive.py LOG ENDPOINT TOKEN CONTAINER

Copies the log; then, for each load balancer, one pass copies its lines to a file, one pass compresses
that file at level 9, one computes its checksum, and python-swiftclient uploads it.
"""

import gzip
import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

import swiftclient


def main():
    log, endpoint, token, container = sys.argv[1:]
    swiftclient.put_container(endpoint, token, container)
    with tempfile.TemporaryDirectory(dir=Path(log).parent) as folder:
        copy = Path(folder) / "haproxy.log"
        shutil.copyfile(log, copy)
        for protocol in ("http", "tcp"):
            archive(copy, protocol, endpoint, token, container)


def archive(copy, protocol, endpoint, token, container):
    wanted = re.compile(rf"{protocol}-(in|servers)")
    picked, packed = copy.with_suffix(f".{protocol}"), copy.with_suffix(f".{protocol}.gz")
    with open(copy) as lines, open(picked, "w") as out:
        for line in lines:
            if wanted.search(line):
                out.write(line)
    with open(picked, "rb") as source, gzip.open(packed, "wb", compresslevel=9) as out:
        shutil.copyfileobj(source, out)
    digest = hashlib.md5()
    with open(packed, "rb") as source:
        while block := source.read(1 << 16):
            digest.update(block)
    with open(packed, "rb") as source:
        swiftclient.put_object(endpoint, token, container, packed.name, source, etag=digest.hexdigest(),
                               content_length=packed.stat().st_size)


main()
