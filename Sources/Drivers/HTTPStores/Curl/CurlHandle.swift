// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// A libcurl easy handle, and its open connections.
///
/// Requests run through the multi interface, whose wait another thread can end.
@safe struct CurlHandle: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    private let connections: CurlConnections

    init() throws(CurlError) {
        try CurlLibrary.prepare()
        guard let handle = unsafe curl_easy_init() else { throw CurlError(CURLE_FAILED_INIT) }
        do throws(CurlError) { connections = try CurlConnections() } catch {
            unsafe curl_easy_cleanup(handle)
            throw error
        }
        unsafe self.handle = handle
    }

    deinit { unsafe curl_easy_cleanup(handle) }

    /// Resets all options and keeps the connections.
    func reset() { unsafe curl_easy_reset(handle) }

    func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
        try check(unsafe steelyard_curl_set_long(handle, option, value))
    }

    /// Sets a byte count, which may exceed 32 bits.
    func set(_ option: CURLoption, bytes: UInt64) throws(CurlError) {
        try check(unsafe steelyard_curl_set_offset(handle, option, curl_off_t(clamping: bytes)))
    }

    func set(_ option: CURLoption, _ value: Bool) throws(CurlError) { try set(option, value ? 1 : 0) }

    /// Sets a string, which libcurl copies; nil for none.
    func set(_ option: CURLoption, _ value: String?) throws(CurlError) {
        guard let value else { return try check(unsafe steelyard_curl_set_string(handle, option, nil)) }
        try check(unsafe steelyard_curl_set_string(handle, option, value))
    }

    /// Makes the request, and blocks until it has ended.
    ///
    /// - Parameters:
    ///   - headers: The header lines of the request.
    ///   - exchange: Supplies the request's content and receives the response, on this thread, until this returns.
    func perform(_ headers: borrowing CurlHeaders, _ exchange: HTTPExchange) throws(CurlError) {
        var text = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let result = try unsafe attach(headers, exchange, &text)
        guard result == CURLE_OK else {
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw CurlError(result, detail: String(decoding: bytes, as: UTF8.self))
        }
    }

    private func attach(
        _ headers: borrowing CurlHeaders,
        _ exchange: HTTPExchange,
        _ text: UnsafeMutablePointer<CChar>
    ) throws(CurlError) -> CURLcode {
        // Unretained: the exchange outlives the request, which ends before this function does.
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        let contexts = [
            CURLOPT_READDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA, CURLOPT_OPENSOCKETDATA,
        ]
        for option in contexts {
            try check(unsafe steelyard_curl_set_pointer(handle, option, context))
        }
        try check(unsafe steelyard_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, text))
        try check(unsafe steelyard_curl_set_transfer(handle, CURLOPT_READFUNCTION, HTTPExchange.readCallback))
        try check(unsafe steelyard_curl_set_transfer(handle, CURLOPT_WRITEFUNCTION, HTTPExchange.writeCallback))
        try check(unsafe steelyard_curl_set_transfer(handle, CURLOPT_HEADERFUNCTION, HTTPExchange.headerCallback))
        try check(unsafe steelyard_curl_set_progress(handle, HTTPExchange.progressCallback))
        try check(unsafe steelyard_curl_set_open_socket(handle, HTTPExchange.openSocketCallback))
        try set(CURLOPT_NOPROGRESS, false)
        try unsafe headers.withUnsafePointer { list throws(CurlError) in
            try check(unsafe steelyard_curl_set_headers(handle, list))
        }
        let result = unsafe connections.perform(handle, exchange)
        // The handle must not keep pointers to objects of this call.
        unsafe curl_easy_reset(handle)
        return result
    }

    private func check(_ code: CURLcode) throws(CurlError) {
        guard code == CURLE_OK else { throw CurlError(code) }
    }
}
