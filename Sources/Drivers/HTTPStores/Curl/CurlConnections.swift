// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// A libcurl multi handle, which makes one request at a time and keeps the connections.
///
/// Unlike the easy interface, it lets another thread end the wait of a request.
@safe final class CurlConnections {
    /// Wakes a request; libcurl allows this on any thread as long as the handle exists.
    @safe private struct Waker: @unchecked Sendable {
        let handle: UnsafeMutableRawPointer

        func wake() { _ = unsafe curl_multi_wakeup(handle) }
    }

    /// The longest wait, in milliseconds: libcurl then calls the progress callback, which detects stalls.
    private static let longestWait: CInt = 1000

    private let handle: UnsafeMutableRawPointer

    init() throws(CurlError) {
        guard let handle = unsafe curl_multi_init() else { throw CurlError(CURLE_OUT_OF_MEMORY) }
        unsafe self.handle = handle
    }

    deinit { unsafe curl_multi_cleanup(handle) }

    /// Makes the request of an easy handle, and blocks until it has ended or the exchange is cancelled.
    func perform(_ request: UnsafeMutableRawPointer, _ exchange: HTTPExchange) -> CURLcode {
        guard unsafe curl_multi_add_handle(handle, request) == CURLM_OK else { return CURLE_FAILED_INIT }
        // libcurl closes the connection of an incomplete request.
        defer { unsafe curl_multi_remove_handle(handle, request) }
        let waker = unsafe Waker(handle: handle)
        return exchange.withWaking({ waker.wake() }, { run(exchange) })
    }

    private func run(_ exchange: HTTPExchange) -> CURLcode {
        var runningCount: CInt = 1
        while exchange.mayGoOn() {
            guard unsafe curl_multi_perform(handle, &runningCount) == CURLM_OK else { return CURLE_FAILED_INIT }
            guard runningCount > 0 else { return result() }
            guard unsafe curl_multi_poll(handle, nil, 0, Self.longestWait, nil) == CURLM_OK else {
                return CURLE_FAILED_INIT
            }
        }
        return CURLE_ABORTED_BY_CALLBACK
    }

    private func result() -> CURLcode {
        var leftCount: CInt = 0
        while let message = unsafe curl_multi_info_read(handle, &leftCount) {
            if unsafe message.pointee.msg == CURLMSG_DONE { return unsafe message.pointee.data.result }
        }
        return CURLE_FAILED_INIT
    }
}
