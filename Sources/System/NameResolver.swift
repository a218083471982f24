// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Resolves host names with the system's resolver, in parallel and in bounded time.
///
/// `getaddrinfo` waits for an unresponsive DNS server. A lookup that exceeds its time continues, and a later call
/// returns its addresses. There is at most one lookup of a name at a time.
package final class NameResolver: Sendable {
    /// The numeric addresses of each name, in the system's order of preference.
    package typealias Addresses = [String: [String]]

    private struct State {
        var waiting: [String] = []
        /// The names that are waiting for a thread, or have one.
        var pending: Set<String> = []
        /// The results not yet returned.
        var found: Addresses = [:]
        var threads = 0
        var callers: [Int: Caller] = [:]
        var nextCaller = 0

        /// Drops queued lookups that no call waits for any more.
        mutating func forgetWaiting(_ names: Set<String>) {
            let wanted = callers.values.reduce(into: Set()) { $0.formUnion($1.missing) }
            let given = names.subtracting(wanted)
            for name in waiting where given.contains(name) { pending.remove(name) }
            waiting.removeAll { given.contains($0) }
        }
    }

    private struct Caller {
        var missing: Set<String>
        let continuation: CheckedContinuation<Void, Never>
    }

    /// The most late results kept.
    private static let greatestFound = 100_000

    private let state = Mutex(State())
    private let greatestThreads: Int
    private let lookUp: @Sendable (String) -> [String]

    /// - Parameters:
    ///   - threads: The most threads, including threads that hang.
    ///   - lookUp: Looks up one name, and may block for any time; by default, calls the system's resolver.
    package init(threads: Int = 32, lookUp: @escaping @Sendable (String) -> [String] = NameResolver.askSystem) {
        greatestThreads = threads
        self.lookUp = lookUp
    }

    /// Looks up names.
    ///
    /// - Parameter limit: The longest wait, for all names together.
    /// - Returns: The results by then, including those of earlier lookups; no entry for a name without an address.
    package func addresses(of names: Set<String>, within limit: Duration) async -> Addresses {
        guard !names.isEmpty else { return [:] }
        let caller = state.withLock { state in
            let new = names.subtracting(state.pending)
            state.waiting += new
            state.pending.formUnion(new)
            state.nextCaller += 1
            return state.nextCaller
        }
        startThreads()
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                let missing = names.intersection(state.pending)
                if !missing.isEmpty { state.callers[caller] = Caller(missing: missing, continuation: continuation) }
                return missing.isEmpty
            }
            if isDone { return continuation.resume() }
            Task {
                try? await Task.sleep(for: limit)
                release(caller)
            }
        }
        return state.withLock { state in
            state.forgetWaiting(names)
            defer { for name in names { state.found[name] = nil } }
            return state.found.filter { names.contains($0.key) }
        }
    }

    private func release(_ caller: Int) {
        state.withLock { $0.callers.removeValue(forKey: caller) }?.continuation.resume()
    }

    private func startThreads() {
        while true {
            let isWanted = state.withLock { state in
                guard !state.waiting.isEmpty, state.threads < min(greatestThreads, state.pending.count) else {
                    return false
                }
                state.threads += 1
                return true
            }
            guard isWanted else { return }
            do throws(ThreadError) {
                try DedicatedThread.start(name: "resolver") { self.work() }
            } catch {
                // The lookup times out, unless another thread takes the name.
                state.withLock { $0.threads -= 1 }
                return
            }
        }
    }

    private func work() {
        while let name = state.withLock({ state in
            let next = state.waiting.popLast()
            if next == nil { state.threads -= 1 }
            return next
        }) {
            let addresses = lookUp(name)
            let done = state.withLock { state in
                state.pending.remove(name)
                if state.found.count >= Self.greatestFound { state.found = [:] }
                if !addresses.isEmpty { state.found[name] = addresses }
                var done: [Caller] = []
                for (key, var caller) in state.callers {
                    guard caller.missing.remove(name) != nil else { continue }
                    state.callers[key] = caller.missing.isEmpty ? nil : caller
                    if caller.missing.isEmpty { done.append(caller) }
                }
                return done
            }
            for caller in done { caller.continuation.resume() }
        }
    }

    /// Looks up a name with the system's configuration: its hosts file, DNS and other sources.
    package static func askSystem(_ name: String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                unsafe getnameinfo(
                    entry.pointee.ai_addr,
                    entry.pointee.ai_addrlen,
                    &text,
                    socklen_t(text.count),
                    nil,
                    0,
                    NI_NUMERICHOST
                ) == 0
            else { continue }
            let address = String(
                decoding: text.prefix { $0 != 0 && $0 != 0x25 }.map(UInt8.init(bitPattern:)),
                as: UTF8.self
            )
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }
}
