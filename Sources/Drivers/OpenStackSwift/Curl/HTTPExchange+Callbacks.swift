// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// What libcurl calls; the context of each is the exchange, which libcurl never keeps.
extension HTTPExchange {
    static let readCallback: steelyard_curl_transfer = { buffer, size, count, context in
        guard let buffer = unsafe buffer, let exchange = unsafe HTTPExchange.from(context) else { return 0 }
        return unsafe exchange.fill(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
            ?? Int(CURL_READFUNC_ABORT)
    }

    static let writeCallback: steelyard_curl_transfer = { buffer, size, count, context in
        guard let buffer = unsafe buffer, let exchange = unsafe HTTPExchange.from(context) else { return 0 }
        let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: size * count)
        return unsafe exchange.takeContent(bytes) ? size * count : 0
    }

    static let headerCallback: steelyard_curl_transfer = { buffer, size, count, context in
        guard let buffer = unsafe buffer, let exchange = unsafe HTTPExchange.from(context) else { return 0 }
        let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: size * count)
        return unsafe exchange.takeHeader(bytes) ? size * count : 0
    }

    static let progressCallback: steelyard_curl_progress = { context, _, downloaded, _, uploaded in
        guard let exchange = unsafe HTTPExchange.from(context) else { return 1 }
        return exchange.mayGoOn(moved: Int64(downloaded) + Int64(uploaded)) ? 0 : 1
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> HTTPExchange? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
    }
}
