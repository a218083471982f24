// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import SteelyardCore

/// Makes requests one after the other, over a connection that is kept open between them.
///
/// Its calls block, and come from one thread at a time; hence unchecked.
final class StoreConnection: @unchecked Sendable {
    private let handle: CurlHandle
    private let configuration: OpenStackSwiftConfiguration

    init(_ configuration: OpenStackSwiftConfiguration) throws(ObjectStoreError) {
        self.configuration = configuration
        do throws(CurlError) { handle = try CurlHandle() } catch {
            throw ObjectStoreError(.unavailable, "libcurl cannot be used: \(error.detail)")
        }
    }

    /// Makes a request, and blocks until it has ended.
    func perform(_ request: StoreRequest) -> ExchangeResult {
        let exchange: HTTPExchange
        do throws(ObjectStoreError) {
            exchange = try HTTPExchange(
                part: request.makePart?(),
                cancellation: request.cancellation,
                stallTimeout: configuration.stallTimeout
            )
        } catch {
            return ExchangeResult(end: .stopped(error))
        }
        return exchange.finish(end(of: request, exchange))
    }

    private func end(of request: StoreRequest, _ exchange: HTTPExchange) -> ExchangeResult.End {
        do throws(CurlError) {
            handle.reset()
            try setUp(request)
            let headers = try CurlHeaders(request.headers + ["X-Auth-Token: \(request.token.secret)"])
            try handle.perform(headers, exchange)
        } catch {
            switch exchange.stop {
            case .source(let error): return .stopped(error)
            case .outgrown: return .outgrown
            case .stalled: return .broke(.stalled(configuration.stallTimeout))
            // What it answered is known; how much more it had to say is not of interest.
            case .tooMuchAnswer where exchange.answer.status >= 200: break
            case .tooMuchAnswer, nil: return .broke(error)
            }
        }
        return .answered(exchange.answer)
    }

    private func setUp(_ request: StoreRequest) throws(CurlError) {
        try handle.set(CURLOPT_URL, request.url)
        try handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        try handle.set(CURLOPT_NOBODY, request.method == .head)
        if request.makePart != nil {
            try handle.set(CURLOPT_UPLOAD, true)
            try handle.set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        }
        try handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try handle.set(CURLOPT_USERAGENT, "steelyard")
        // The URL is what the message says and nothing else: no other protocol, no way through it that curl would
        // shorten, no redirect, no user name. The token goes to that host, and so to no proxy of the environment.
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_PATH_AS_IS, true)
        try handle.set(CURLOPT_FOLLOWLOCATION, false)
        try handle.set(CURLOPT_DISALLOW_USERNAME_IN_URL, true)
        try handle.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try handle.set(CURLOPT_PROXY, "")
        try setUpTrust()
        try handle.set(CURLOPT_NOSIGNAL, true)
        try handle.set(CURLOPT_TCP_KEEPALIVE, true)
        try handle.set(CURLOPT_MAXAGE_CONN, Int(StoreConnectionPool.longestIdleTime.components.seconds))
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.milliseconds)
        try handle.set(CURLOPT_TIMEOUT_MS, request.limit.milliseconds)
    }

    private func setUpTrust() throws(CurlError) {
        try handle.set(CURLOPT_SSL_VERIFYPEER, true)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        try handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        guard let file = configuration.certificateAuthorityFile else { return }
        try handle.set(CURLOPT_CAINFO, file)
        // Without this the system's authorities would be trusted beside the file's.
        try handle.set(CURLOPT_CAPATH, nil as String?)
    }
}

extension Duration {
    /// The whole milliseconds, at least 1, since libcurl takes 0 for no limit at all.
    var milliseconds: Int {
        max(1, Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000))
    }
}
