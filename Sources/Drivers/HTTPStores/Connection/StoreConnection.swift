// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import SteelyardCore

/// Makes requests sequentially over a persistent connection.
///
/// Its calls block, and come from one thread at a time; hence unchecked.
package final class StoreConnection: @unchecked Sendable {
    private static let sendBufferBytes = 512 << 10

    private let handle: CurlHandle
    private let configuration: HTTPStoreConfiguration

    init(_ configuration: HTTPStoreConfiguration) throws(ObjectStoreError) {
        self.configuration = configuration
        do throws(CurlError) { handle = try CurlHandle() } catch {
            throw ObjectStoreError(.unavailable, "cannot set up libcurl: \(error.detail)", mayBeStored: false)
        }
    }

    /// Makes a request, and blocks until it has ended.
    package func perform(_ request: HTTPRequest, failures: some StoreFailureTexts) -> ExchangeResult {
        let part: ContentPart?
        do throws(ObjectStoreError) { part = try request.makePart?() } catch {
            return ExchangeResult(end: .stopped(error))
        }
        let exchange = HTTPExchange(
            part: part,
            answerLimit: request.answerLimit,
            cancellation: request.cancellation,
            cancellationGrace: request.cancellationGrace,
            stallTimeout: configuration.stallTimeout,
            refusesLocalAddresses: configuration.refusesLocalAddresses
        )
        return exchange.finish(end(of: request, exchange, failures))
    }

    private func end(
        of request: HTTPRequest,
        _ exchange: HTTPExchange,
        _ failures: some StoreFailureTexts
    ) -> ExchangeResult.End {
        do throws(CurlError) {
            handle.reset()
            try setUp(request)
            if request.byteCount == 0 { exchange.fillNothing() }
            if exchange.stop == nil {
                let headers = try CurlHeaders(request.headers + request.authorization.headerLines)
                try handle.perform(headers, exchange)
            }
        } catch {
            if exchange.stop == nil {
                if error.kind == .unreachable, let address = exchange.refusedAddress {
                    return .stopped(failures.localAddress(address))
                }
                return .broke(error)
            }
        }
        switch exchange.stop {
        case .source(let error): return .stopped(error)
        case .outgrown: return .outgrown
        case .changed: return .stopped(failures.contentChanged())
        case .stalled: return .broke(.stalled(configuration.stallTimeout))
        // The status is known; the rest of the response is not needed.
        case .tooMuchAnswer where exchange.answer.status < 200: return .broke(CurlError(CURLE_WEIRD_SERVER_REPLY))
        // libcurl accepts a truncated header as complete, although an important line may be missing.
        case nil where !exchange.answer.hasWholeHeader:
            return .broke(CurlError(CURLE_PARTIAL_FILE, detail: "the response ended within its header"))
        case .tooMuchAnswer, nil: return .answered(exchange.answer)
        }
    }

    private func setUp(_ request: HTTPRequest) throws(CurlError) {
        try handle.set(CURLOPT_URL, request.url)
        try handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        try handle.set(CURLOPT_NOBODY, request.method == .head)
        if request.makePart != nil, request.byteCount != 0 {
            try handle.set(CURLOPT_UPLOAD, true)
            try handle.set(CURLOPT_UPLOAD_BUFFERSIZE, Self.sendBufferBytes)
            if let byteCount = request.byteCount { try handle.set(CURLOPT_INFILESIZE_LARGE, bytes: byteCount) }
        }
        try handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try handle.set(CURLOPT_USERAGENT, "steelyard")
        // The request goes only to the URL of the message: no other protocol, no shortened path, no redirect, no user
        // name, and no proxy from the environment, which would receive the authorization.
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_PATH_AS_IS, true)
        try handle.set(CURLOPT_FOLLOWLOCATION, false)
        try handle.set(CURLOPT_DISALLOW_USERNAME_IN_URL, true)
        try handle.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try handle.set(CURLOPT_PROXY, "")
        try setUpSignature(request.authorization)
        try setUpTrust()
        try handle.set(CURLOPT_NOSIGNAL, true)
        // An unresponsive name server must not delay a request that has ended.
        try handle.set(CURLOPT_QUICK_EXIT, true)
        try handle.set(CURLOPT_TCP_KEEPALIVE, true)
        try handle.set(CURLOPT_MAXAGE_CONN, Int(StoreConnectionPool.longestIdleTime.components.seconds))
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.milliseconds)
        try handle.set(CURLOPT_TIMEOUT_MS, request.limit.milliseconds)
    }

    private func setUpSignature(_ authorization: HTTPAuthorization) throws(CurlError) {
        guard case .awsSignature(let scope, let accessKey, let secretKey, _) = authorization else { return }
        try handle.set(CURLOPT_AWS_SIGV4, scope)
        try handle.set(CURLOPT_USERNAME, accessKey)
        try handle.set(CURLOPT_PASSWORD, secretKey)
    }

    private func setUpTrust() throws(CurlError) {
        try handle.set(CURLOPT_SSL_VERIFYPEER, true)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        try handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        guard let file = configuration.certificateAuthorityFile else { return }
        try handle.set(CURLOPT_CAINFO, file)
        // Otherwise libcurl trusts the system's authorities in addition to the file's.
        try handle.set(CURLOPT_CAPATH, nil as String?)
    }
}

extension Duration {
    /// The whole milliseconds, at least 1, since 0 means no limit to libcurl.
    var milliseconds: Int {
        max(1, Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000))
    }
}
