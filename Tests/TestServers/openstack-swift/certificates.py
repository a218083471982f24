# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""The store's certificate authority, and the certificates that it issues."""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from settings import write

PEM = serialization.Encoding.PEM
DAY = datetime.timedelta(days=1)


def write_certificates(base):
    """Write ca.pem, and cert.pem and key.pem of a server on loopback.

    Beside them, for tests of what must not be trusted: expired.pem, and elsewhere.pem for
    another host's name, both with the same key.
    """
    tls = os.path.join(base, 'tls')
    os.makedirs(tls, exist_ok=True)
    paths = {name: os.path.join(tls, name + '.pem')
             for name in ('ca', 'cert', 'expired', 'elsewhere', 'key')}
    if all(os.path.exists(path) for path in paths.values()):
        return paths
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name, public = named('steelyard test CA'), key.public_key()
    now = datetime.datetime.now(datetime.timezone.utc)
    ca = certificate(ca_name, ca_name, ca_key.public_key(), ca_key, now + 30 * DAY, [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)])
    here = [x509.DNSName('localhost'), x509.IPAddress(ipaddress.ip_address('127.0.0.1')),
            x509.IPAddress(ipaddress.ip_address('::1'))]
    for name, end, hosts in (('cert', now + 30 * DAY, here), ('expired', now - DAY, here),
                             ('elsewhere', now + 30 * DAY, [x509.DNSName('elsewhere.invalid')])):
        leaf = certificate(named('localhost'), ca_name, public, ca_key, end, [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName(hosts), False)])
        write(paths[name], leaf.public_bytes(PEM).decode())
    write(paths['ca'], ca.public_bytes(PEM).decode())
    write(paths['key'], key.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(), 0o600)
    return paths


def named(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def certificate(name, issuer, public, signer, end, extensions):
    builder = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(issuer).public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - 60 * DAY).not_valid_after(end))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256())
