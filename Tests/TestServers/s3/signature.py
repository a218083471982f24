# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4 of a request to S3, checked as the documentation of AWS describes it."""
import datetime
import hashlib
import hmac
import re
import urllib.parse

FORM = re.compile(r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, '
                  r'SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})')


class Refused(Exception):
    def __init__(self, status, code, message, more=''):
        super().__init__(code)
        self.status, self.code, self.message, self.more = status, code, message, more


def encoded(text, safe=''):
    return urllib.parse.quote(text, safe=safe + '-._~')


def canonical_query(query):
    pairs = []
    for part in query.split('&') if query else []:
        name, _, value = part.partition('=')
        pairs.append((encoded(urllib.parse.unquote(name)), encoded(urllib.parse.unquote(value))))
    return '&'.join('%s=%s' % pair for pair in sorted(pairs))


def keyed(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def check(method, target, headers, body, keys, region):
    """Returns the access key's settings; raises Refused.

    target is the request's target as it came; headers has names in lower case.
    """
    match = FORM.fullmatch(headers.get('authorization', ''))
    if not match:
        raise Refused(403, 'AccessDenied', 'Anonymous access is forbidden')
    access_key, date, scope_region, signed, signature = match.groups()
    key = keys.get(access_key)
    if key is None:
        raise Refused(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.',
                      '<AWSAccessKeyId>%s</AWSAccessKeyId>' % access_key)
    if scope_region != region:
        raise Refused(400, 'AuthorizationHeaderMalformed',
                      "The authorization header is malformed; the region '%s' is wrong; expecting '%s'"
                      % (scope_region, region), '<Region>%s</Region>' % region)
    time = headers.get('x-amz-date', '')
    try:
        then = datetime.datetime.strptime(time, '%Y%m%dT%H%M%SZ').replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Refused(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header') from None
    if abs((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()) > 900 or key.get('skewed'):
        raise Refused(403, 'RequestTimeTooSkewed',
                      'The difference between the request time and the current time is too large.')
    if headers.get('x-amz-security-token') != key.get('token'):
        raise Refused(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.')
    if key.get('expired'):
        raise Refused(400, 'ExpiredToken', 'The provided token has expired.')
    names = signed.split(';')
    wanted = {'host'} | {name for name in headers if name.startswith('x-amz-')} | (
        {'content-md5', 'content-type'} & set(headers))
    if names != sorted(names) or not wanted <= set(names):
        raise Refused(403, 'AccessDenied', 'There were headers present in the request which were not signed')
    path, _, query = target.partition('?')
    payload = headers.get('x-amz-content-sha256')
    if payload is None:
        raise Refused(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
    lines = [method, encoded(urllib.parse.unquote(path), '/'), canonical_query(query)]
    lines += ['%s:%s' % (name, ' '.join(headers.get(name, '').split())) for name in names] + ['', signed, payload]
    scope = '/'.join([date, scope_region, 's3', 'aws4_request'])
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    signing = keyed(('AWS4' + key['secret']).encode(), date)
    for text in (scope_region, 's3', 'aws4_request'):
        signing = keyed(signing, text)
    expected = keyed(signing, '\n'.join(['AWS4-HMAC-SHA256', time, scope, digest])).hex()
    if not hmac.compare_digest(expected, signature):
        raise Refused(403, 'SignatureDoesNotMatch',
                      'The request signature we calculated does not match the signature you provided.')
    if payload != hashlib.sha256(body).hexdigest():
        raise Refused(400, 'XAmzContentSHA256Mismatch',
                      "The provided 'x-amz-content-sha256' header does not match what was computed.")
    return key
