#!/usr/bin/env python3
# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""Checks packaging/monitoring against a running agent, with a real Prometheus.

  check.py STEELYARD

STEELYARD is the program to check. This script starts the agent with HAProxy, a gearmand, an OpenStack Swift and Prometheus, on loopback, on
free ports and in a temporary folder, and stops them. It fails unless

- promtool accepts the metrics, and the text file has the same ones,
- the dashboard and the rules use only metrics and labels that the agent has,
- Prometheus scrapes the agent, and evaluates every rule and every query of the dashboard,
- no alert is active, and SteelyardNoJobServer is pending after gearmand has stopped.
"""
import http.server
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
PACKAGED = os.path.join(ROOT, 'packaging/monitoring')
SWIFT = os.path.join(ROOT, 'Tests/TestServers/openstack-swift/openstack-swift')
LIMIT = 60
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# A metric of Prometheus.
FOREIGN = {'up'}
FUNCTION = 'monitored'


def fail(text):
    sys.exit('scripts/monitoring: ' + text)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(('127.0.0.1', 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def eventually(what, condition):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.1)
    fail('not within %d s: %s' % (LIMIT, what))


def fetch(url):
    try:
        with OPENER.open(url, timeout=10) as reply:
            return reply.read().decode()
    except OSError:
        return None


class BackEnd(http.server.BaseHTTPRequestHandler):
    """A node."""

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '5')
        self.end_headers()
        self.wfile.write(b'hello')

    def log_message(self, *arguments):
        pass


class Fixture:
    """The servers of the check."""

    def __init__(self, steelyard, folder):
        self.steelyard = steelyard
        self.folder = folder
        self.started = []
        gearman, self.metrics, self.port, self.prometheus_port = free_ports(4)
        self.gearman = '127.0.0.1:%d' % gearman
        self.textfile = os.path.join(folder, 'steelyard.prom')
        self.agent = None
        self.has_store = False

    def start(self, name, command, **options):
        with open(os.path.join(self.folder, name + '.log'), 'w') as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **options)
        self.started.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self):
        # HAProxy continues to run without the agent.
        if self.agent and self.agent.poll() is None:
            subprocess.run(self.sender + ['delete'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for process in reversed(self.started):
            self.stop(process)
        if self.has_store:
            subprocess.run([SWIFT, 'down', os.path.join(self.folder, 'swift')], stdout=subprocess.DEVNULL)

    @property
    def sender(self):
        return [self.steelyard, 'send', '--gearman', self.gearman, '--function', FUNCTION, '--timeout', '60']

    def send(self, message, expected='PASS'):
        done = subprocess.run(self.sender + ['-'], input=json.dumps(message), capture_output=True, text=True)
        if json.loads(done.stdout or '{}').get('hpcs_response') != expected:
            fail('%s: %s%s' % (message['hpcs_action'], done.stdout, done.stderr))

    def start_gearmand(self):
        return self.start('gearmand', [
            '/usr/sbin/gearmand', '--listen=127.0.0.1', '--port=' + self.gearman.split(':')[1], '--log-file=stderr'])

    def start_agent(self):
        environment = dict(
            os.environ, STEELYARD_METRICS_BIND='127.0.0.1:%d' % self.metrics,
            STEELYARD_METRICS_TEXTFILE=self.textfile, STEELYARD_ARCHIVE_ENDPOINTS='127.0.0.1')
        self.agent = self.start('agent', [
            self.steelyard, 'worker', '--gearman', self.gearman, '--function', FUNCTION,
            '--state-dir', os.path.join(self.folder, 'state')], env=environment)
        eventually('the agent is healthy', lambda: self.page('/healthz') == 'ok\n')

    def page(self, path):
        return fetch('http://127.0.0.1:%d%s' % (self.metrics, path))

    def make_every_metric(self):
        """Sends messages until each metric has a value."""
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), BackEnd)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        balancer = {'id': '15', 'name': 'lb #1', 'protocol': 'HTTP', 'port': self.port}
        self.send({'hpcs_action': 'UPDATE', 'loadbalancers': [dict(balancer, nodes=[
            {'id': 1, 'address': '127.0.0.1', 'port': server.server_address[1]}])]})
        self.send({'hpcs_action': 'UPDATE', 'loadbalancers': []}, expected='FAIL')
        if fetch('http://127.0.0.1:%d/' % self.port) != 'hello':
            fail('the load balancer does not answer')
        up = subprocess.run([SWIFT, 'up', os.path.join(self.folder, 'swift')], capture_output=True, text=True)
        self.has_store = True
        if up.returncode:
            fail(up.stderr)
        store = dict(word.split('=', 1) for word in shlex.split(up.stdout) if '=' in word)
        self.send({
            'hpcs_action': 'ARCHIVE', 'hpcs_object_store_type': 'swift',
            'hpcs_object_store_endpoint': store['OS_STORAGE_URL'], 'hpcs_object_store_basepath': 'logs',
            'hpcs_object_store_token': store['OS_AUTH_TOKEN'], 'loadbalancers': [balancer]})
        eventually('bytes are metered', lambda: re.search(
            r'^steelyard_bytes_out_total\{protocol="http"\} [1-9]', self.page('/metrics'), re.M))
        self.send({'hpcs_action': 'UPDATE', 'loadbalancers': [dict(
            balancer, protocol='TERMINATED_HTTPS', default_tls_container_data=self.make_container(), nodes=[
                {'id': 1, 'address': '127.0.0.1', 'port': server.server_address[1]}])]})
        # Scrapes within a second share one reading of the device.
        eventually('the certificate is in the metrics', lambda: re.search(
            r'^steelyard_certificate_expiry_timestamp_seconds\{', self.page('/metrics'), re.M))

    def make_container(self):
        """A certificate for 90 days, and its key."""
        files = [os.path.join(self.folder, name) for name in ('certificate.pem', 'key.pem')]
        subprocess.run([
            'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90',
            '-subj', '/CN=www.example.com', '-out', files[0], '-keyout', files[1]], check=True, stderr=subprocess.DEVNULL)
        certificate, key = (open(file).read() for file in files)
        return {'id': 'www', 'certificate': certificate, 'private_key': key}

    def start_prometheus(self):
        configuration = os.path.join(self.folder, 'prometheus.yml')
        with open(configuration, 'w') as file:
            json.dump({
                'global': {'scrape_interval': '1s', 'evaluation_interval': '1s'},
                'rule_files': [os.path.join(PACKAGED, 'steelyard.rules.yml')],
                'scrape_configs': [{
                    'job_name': 'steelyard',
                    'static_configs': [{'targets': ['127.0.0.1:%d' % self.metrics]}]}],
            }, file)
        self.start('prometheus', [
            'prometheus', '--config.file=' + configuration, '--storage.tsdb.path=' + os.path.join(self.folder, 'tsdb'),
            '--web.listen-address=127.0.0.1:%d' % self.prometheus_port, '--log.level=warn'])

    def api(self, path, **parameters):
        url = 'http://127.0.0.1:%d/api/v1/%s?%s' % (self.prometheus_port, path, urllib.parse.urlencode(parameters))
        text = fetch(url)
        return json.loads(text)['data'] if text else None


def series_of(text):
    """The names of the metrics with the labels of each, of a scrape."""
    series = {}
    for line in text.splitlines():
        match = re.match(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ', line)
        if match and not line.startswith('#'):
            series.setdefault(match[1], set()).update(re.findall(r'(\w+)="', match[2] or ''))
    return series


def promtool(*arguments, **options):
    done = subprocess.run(['promtool', *arguments], capture_output=True, text=True, cwd=PACKAGED, **options)
    if done.returncode or 'check' in arguments and 'metrics' in arguments and done.stdout + done.stderr:
        fail('promtool %s: %s%s' % (' '.join(arguments), done.stdout, done.stderr))


def queries():
    """Each query of the dashboard with its place."""
    with open(os.path.join(PACKAGED, 'steelyard.dashboard.json')) as file:
        dashboard = json.load(file)
    for panel in dashboard['panels']:
        for target in panel.get('targets', []):
            query = target['expr'].replace('$__rate_interval', '1m').replace('$instance', '.*')
            yield panel['title'], query


def check_names(series, alerts):
    known = {name: labels | {'job', 'instance'} for name, labels in series.items()}
    for place, query in [*queries(), *alerts]:
        metrics = set(re.findall(r'\b(?:steelyard|process)_\w+', query))
        unknown = metrics - set(known)
        if unknown:
            fail('%s: the agent has no %s' % (place, ', '.join(sorted(unknown))))
        for name, selector in re.findall(r'\b((?:steelyard|process)_\w+)\{([^}]*)\}', query):
            wrong = set(re.findall(r'(\w+)[=!]', selector)) - known[name]
            if wrong:
                fail('%s: %s has no label %s' % (place, name, ', '.join(sorted(wrong))))
        others = set(re.findall(r'\b([a-z_]\w*)\{', query)) - metrics - FOREIGN
        if others:
            fail('%s: unexpected metric %s' % (place, ', '.join(sorted(others))))


def check(fixture):
    promtool('check', 'rules', 'steelyard.rules.yml')
    promtool('test', 'rules', 'steelyard.rules.test.yml')
    promtool('check', 'config', '--syntax-only', 'prometheus.yml')
    gearmand = fixture.start_gearmand()
    fixture.start_agent()
    fixture.make_every_metric()

    text = fixture.page('/metrics')
    promtool('check', 'metrics', input=text)
    series = series_of(text)
    eventually('the file has the same metrics', lambda: series_of(open(fixture.textfile).read()) == series)
    promtool('check', 'metrics', input=open(fixture.textfile).read())

    fixture.start_prometheus()
    eventually('Prometheus answers', lambda: fixture.api('targets'))

    def target():
        found = (fixture.api('targets') or {}).get('activeTargets') or [{}]
        return found[0] if found[0].get('health') not in (None, 'unknown') else None
    scraped = eventually('the agent is scraped', target)
    if scraped['health'] != 'up':
        fail('Prometheus cannot scrape the agent: ' + scraped['lastError'])

    def rules():
        groups = (fixture.api('rules') or {}).get('groups') or [{'rules': []}]
        found = groups[0]['rules']
        return found if found and all(rule['health'] != 'unknown' for rule in found) else None
    found = eventually('the rules are evaluated', rules)
    check_names(series, [(rule['name'], rule['query']) for rule in found])
    for rule in found:
        if rule['health'] != 'ok':
            fail('%s: %s' % (rule['name'], rule.get('lastError')))
        if rule['state'] == 'firing' or rule['alerts']:
            fail('%s: %s' % (rule['name'], rule['alerts']))
    count = 0
    for place, query in queries():
        if fixture.api('query', query=query) is None:
            fail('%s: Prometheus refuses %s' % (place, query))
        count += 1

    fixture.stop(gearmand)
    eventually('an alert is pending', lambda: [
        rule for rule in rules() or [] if rule['name'] == 'SteelyardNoJobServer' and rule['state'] == 'pending'])
    if fixture.page('/healthz') is not None:
        fail("/healthz reports no fault without a job server")
    gearmand = fixture.start_gearmand()
    eventually('the agent is healthy again', lambda: fixture.page('/healthz') == 'ok\n')
    print('scripts/monitoring: %d metrics, %d rules and %d queries are correct' % (len(series), len(found), count))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix='steelyard-monitoring-') as folder:
        fixture = Fixture(os.path.abspath(sys.argv[1]), folder)
        try:
            check(fixture)
        finally:
            fixture.close()


if __name__ == '__main__':
    # Stops the servers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
