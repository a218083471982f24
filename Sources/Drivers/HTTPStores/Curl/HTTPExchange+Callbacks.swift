// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import SteelyardCore

/// The callbacks of libcurl; the context of each is the exchange, which libcurl does not retain.
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

    /// Opens the socket of a connection, unless its address is rejected.
    ///
    /// libcurl calls this with the address that it connects to, so a second lookup of the name cannot substitute
    /// another one.
    static let openSocketCallback: steelyard_curl_open_socket = { context, _, target in
        guard let exchange = unsafe HTTPExchange.from(context), let target = unsafe target,
            exchange.mayConnect(to: unsafe address(of: target))
        else { return -1 }
        let (family, type) = unsafe (target.pointee.family, target.pointee.socktype)
        return socket(family, type | Int32(SOCK_CLOEXEC.rawValue), unsafe target.pointee.protocol)
    }

    private static func address(of target: UnsafeMutablePointer<curl_sockaddr>) -> IPAddress? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe steelyard_curl_address_text(target, &text, text.count) == 1 else { return nil }
        return IPAddress(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> HTTPExchange? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
    }
}
