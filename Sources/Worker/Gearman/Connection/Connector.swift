// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem

/// Makes a connection to a job server without blocking: resolves the host, and tries its addresses in turn.
struct Connector {
    private enum Step {
        case resolving(AddressLookup)
        case connecting(ServerSocket, others: ArraySlice<ResolvedAddress>)
    }

    /// The timeout of the name lookup.
    private static let lookupLimit = Duration.seconds(30)
    /// The timeout of one address, including the TLS handshake.
    private static let addressLimit = Duration.seconds(5)

    private let server: GearmanServer
    private let tls: TLSContext?
    private var step: Step
    /// The timeout of the current step.
    private(set) var deadline: ContinuousClock.Instant

    /// Starts to connect.
    ///
    /// - Parameters:
    ///   - server: The job server.
    ///   - tls: The source of the certificates; nil for no TLS.
    ///   - wake: Called on any thread when ``advance()`` must be called although the descriptor is not ready.
    /// - Throws: `ConnectionError`.
    init(
        _ server: GearmanServer,
        tls: TLSContextSource?,
        wake: @escaping @Sendable () -> Void
    ) throws(ConnectionError) {
        self.server = server
        do throws(TLSError) { self.tls = try tls.map { source throws(TLSError) in try source.context() } } catch {
            throw ConnectionError("\(error)")
        }
        deadline = .now + Self.lookupLimit
        do throws(ThreadError) { step = .resolving(try AddressLookup(server, isDone: wake)) } catch {
            throw ConnectionError(error.description)
        }
    }

    /// The descriptor to wait for before the next ``advance()``; nil during the name lookup.
    var descriptor: Int32? {
        if case .connecting(let socket, _) = step { socket.descriptor } else { nil }
    }

    /// The poll events to wait for on the descriptor: `POLLIN`, `POLLOUT`, or both.
    var awaited: Int16 {
        if case .connecting(let socket, _) = step { socket.awaited(hasOutput: false) } else { 0 }
    }

    /// Continues to connect.
    ///
    /// - Returns: The open connection; nil if it must be called again later.
    /// - Throws: `ConnectionError`: the reason why the last of the addresses is unreachable.
    mutating func advance() throws(ConnectionError) -> ServerSocket? {
        if case .resolving(let lookup) = step {
            guard let result = lookup.result else {
                if .now < deadline { return nil }
                throw ConnectionError("cannot resolve \(server.host) within \(Self.lookupLimit.components.seconds) s")
            }
            try connect(to: try result.get()[...])
        }
        guard case .connecting(let socket, let others) = step else { return nil }
        do throws(ConnectionError) {
            if try socket.advance() { return socket }
            if .now < deadline { return nil }
            throw ConnectionError("the server does not respond within \(Self.addressLimit.components.seconds) s")
        } catch {
            guard !others.isEmpty else { throw error }
            try connect(to: others)
            return nil
        }
    }

    private mutating func connect(to addresses: ArraySlice<ResolvedAddress>) throws(ConnectionError) {
        var failure = ConnectionError("\(server.host) has no address")
        for index in addresses.indices {
            do throws(ConnectionError) {
                let socket = try ServerSocket(addresses[index], host: server.host, tls: tls)
                step = .connecting(socket, others: addresses[(index + 1)...])
                deadline = .now + Self.addressLimit
                return
            } catch { failure = error }
        }
        throw failure
    }
}
