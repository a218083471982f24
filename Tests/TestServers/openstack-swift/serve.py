# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""Runs OpenStack's proxy, account, container and object servers, unchanged, on loopback.

One process loads Swift and forks a process for each server.
"""
import json
import os
import signal
import sys
import time
import warnings

from processes import start_time
from settings import KINDS, write, write_rings, write_settings, write_swift_conf

# The proxy's TLS sockets and their certificates.
CERTIFICATES = {'tls': 'cert', 'tls_expired': 'expired', 'tls_elsewhere': 'elsewhere'}


def log_to_stderr():
    """Send Swift's log records, which only go to syslog, to standard error."""
    import logging
    from swift.common import utils
    where = getattr(utils, 'logs', utils)

    class Handler(logging.StreamHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(sys.__stderr__)

        def setFormatter(self, formatter):
            super().setFormatter(where.SwiftLogFormatter(
                fmt='%(asctime)s [%(process)d] %(levelname)s %(server)s: %(message)s'))

    where.ThreadSafeSysLogHandler = Handler


def load_swift(base, opts):
    """Import Swift with the swift.conf in `base` instead of the one in /etc.

    Each server's swift_dir setting would come too late for the limits in
    [swift-constraints], which are read at import.
    """
    path = write_swift_conf(base, opts)
    from swift.common import utils
    utils.SWIFT_CONF_FILE = path
    utils.HASH_PATH_SUFFIX = utils.HASH_PATH_PREFIX = b''
    utils.validate_configuration()
    log_to_stderr()
    utils.monkey_patch()
    import swift.account.server  # noqa: F401  (loaded before the forks)
    import swift.common.middleware.slo  # noqa: F401
    import swift.common.middleware.tempauth  # noqa: F401
    import swift.container.server  # noqa: F401
    import swift.obj.server  # noqa: F401
    import swift.proxy.server  # noqa: F401
    utils.FALLOCATE_RESERVE, utils.FALLOCATE_IS_PERCENT = 0, False
    os.environ['TZ'] = 'UTC+0'
    time.tzset()


def listen(port):
    """Open a socket that, unlike eventlet's in Swift, no second store can share."""
    import socket
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(('127.0.0.1', port))
    except OSError as e:
        sys.exit('openstack-swift: 127.0.0.1:%d: %s' % (port, e.strerror))
    sock.listen(4096)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def load(base, kind):
    """Load one server's application, like swift.common.wsgi.run_wsgi."""
    import swift.obj.server
    from swift.common import wsgi
    conf, _, name = wsgi._initrp(
        os.path.join(base, 'etc', kind + '-server.conf'), kind + '-server')
    global_conf = {'log_name': name}
    if kind == 'object':
        swift.obj.server.global_conf_callback(conf, global_conf)
    return conf, wsgi.loadapp(conf['__file__'], global_conf=global_conf)


def answer(sock, conf, app):
    """Serve a socket, like swift.common.wsgi.run_server, which serves only one."""
    from swift.common import constraints, wsgi
    wsgi.wsgi.server(
        sock, app, wsgi.NullLogger(),
        custom_pool=wsgi.RestrictedGreenPool(size=1024),
        protocol=wsgi.SwiftHttpProtocol,
        socket_timeout=float(conf.get('client_timeout') or 60),
        capitalize_response_headers=False,
        url_length_limit=getattr(constraints, 'MAX_REQUEST_LINE', 8192))


def child(base, kind, sockets, pems, cache, ready_fd):
    import eventlet
    from eventlet.green import ssl
    from swift.common import utils
    eventlet.hubs.use_hub(utils.get_hub())
    for name, sock in sockets.items():
        if name != kind and not (name in CERTIFICATES and kind == 'proxy'):
            sock.close()
    conf, app = load(base, kind)
    running = [eventlet.spawn(answer, sockets[kind], conf, app)]
    if kind == 'proxy':
        signal.signal(signal.SIGHUP, lambda *_: cache.kept.clear())
        for name, certificate in CERTIFICATES.items():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pems[certificate], pems['key'])
            tls = context.wrap_socket(sockets[name], server_side=True)
            running.append(eventlet.spawn(answer, tls, conf, app))
    warnings.filterwarnings('ignore', message='capitalize_response_headers')
    os.write(ready_fd, b'ready')
    for thread in running:
        thread.wait()


def serve(base, opts):
    """Start everything, write run/state.json, run until a signal or the owner's end."""
    load_swift(base, opts)
    import ctypes
    import dict_cache
    from certificates import write_certificates

    # Bound before the rings name them: no other program can take a port in between.
    sockets = {'proxy': listen(opts['port']), 'tls': listen(opts['tls_port'])}
    sockets.update((name, listen(0)) for name in KINDS + ('tls_expired', 'tls_elsewhere'))
    ports = {name: sock.getsockname()[1] for name, sock in sockets.items()}
    pems = write_certificates(base)
    write_settings(base, opts, ports)
    write_rings(base, ports)
    cache = dict_cache.provide()
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    children, waits = {}, []

    def stop(code):
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for pid in children:
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass
        os._exit(code)

    signal.signal(signal.SIGTERM, lambda *_: stop(0))
    signal.signal(signal.SIGINT, lambda *_: stop(0))
    for kind in KINDS + ('proxy',):
        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: die with the parent
            if os.getppid() != parent:
                os._exit(1)
            os.close(read_fd)
            try:
                child(base, kind, sockets, pems, cache, write_fd)
            except BaseException:
                import traceback
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os.close(write_fd)
        children[pid] = kind
        waits.append((kind, read_fd))
    for sock in sockets.values():
        sock.close()
    for kind, fd in waits:
        if os.read(fd, 5) != b'ready':
            print('openstack-swift: the %s server did not start' % kind, file=sys.stderr, flush=True)
            stop(1)
        os.close(fd)

    path = os.path.join(base, 'run', 'state.json')
    write(path + '.new', json.dumps({
        'pid': parent, 'started': start_time(parent), 'ports': ports,
        'pids': {kind: pid for pid, kind in children.items()}, 'ca': pems['ca'],
    }))
    os.rename(path + '.new', path)
    owner = opts['owner'] and start_time(opts['owner'])
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            print('openstack-swift: the %s server ended with status %d' % (children.pop(pid), status),
                  file=sys.stderr, flush=True)
            stop(1)
        if owner and start_time(opts['owner']) != owner:
            stop(0)
        time.sleep(0.2)


if __name__ == '__main__':
    serve(sys.argv[1], json.loads(sys.argv[2]))
