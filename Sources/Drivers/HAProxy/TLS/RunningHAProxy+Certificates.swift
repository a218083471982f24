// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCertificates
import SteelyardCore
import SteelyardSystem

extension RunningHAProxy {
    /// The time limit of one change.
    private static let timeout = Duration.seconds(4)
    /// The time limit of a handshake that HAProxy may delay because of a limit of connections.
    private static let shortTimeout = Duration.milliseconds(300)
    /// More certificates are not compared each time: each takes HAProxy some 0.1 ms.
    private static let mostCompared = 64

    /// Changes certificates, and confirms what HAProxy then shows.
    ///
    /// - Parameter rendered: The configuration after the change.
    /// - Throws: `DriverError`; some of the changes may have been made.
    func change(
        _ changes: [CertificateChange],
        of rendered: RenderedConfiguration
    ) throws(DriverError) {
        for change in changes {
            let deadline = Deadline.after(Self.timeout)
            let isRemoval = if case .remove = change { true } else { false }
            let pem = isRemoval ? SecretText("") : try keys.content(of: change.slot.container)
            do throws(DriverError) { try session.perform(change.commands(in: keys.word, pem), by: deadline) } catch {
                // HAProxy keeps an open transaction, which would prevent the next one.
                let abort = "abort ssl cert \(keys.word.text)/\(change.slot.fileName.text)"
                _ = try? session.ask(abort, by: deadline)
                throw error
            }
        }
        // Only now: until it is removed, an old certificate may have the name of a new one.
        for change in changes {
            if case .remove = change { continue }
            try confirm(change.slot, of: rendered, by: .after(Self.timeout))
        }
    }

    /// What another program has done to certificates of the loaded configuration.
    func certificateFaults(
        in slots: [CertificateSlot],
        by deadline: Deadline
    ) throws(DriverError) -> [HAProxyWord: SlotFault] {
        var faults: [HAProxyWord: SlotFault] = [:]
        var lists: [LoadBalancerKey: Set<Substring>] = [:]
        for slot in slots.prefix(Self.mostCompared) {
            guard let facts = keys.facts(of: slot.container) else { continue }
            switch try loadedCertificate(of: slot, by: deadline) {
            case .none: faults[slot.fileName] = .missing
            case .sha1(facts.sha1), .unknown: break
            case .sha1: faults[slot.fileName] = .different
            }
            guard slot.host != nil, faults[slot.fileName] == nil else { continue }
            if lists[slot.key] == nil { lists[slot.key] = try shown(by: slot.key, by: deadline) }
            if lists[slot.key]?.contains("\(keys.word.text)/\(slot.fileName.text)") == false {
                faults[slot.fileName] = .unlisted
            }
        }
        return faults
    }

    /// The files in the list of a front end.
    private func shown(by key: LoadBalancerKey, by deadline: Deadline) throws(DriverError) -> Set<Substring> {
        let list = "\(keys.word.text)/\(CertificateSlot.listName(key).text)"
        return Set(try session.ask("show ssl crt-list \(list)", by: deadline).split(separator: "\n"))
    }

    /// The certificate that HAProxy has in a slot.
    private enum LoadedCertificate {
        case none
        case sha1(String)
        /// HAProxy cuts off the answer for one with many names.
        case unknown
    }

    private func loadedCertificate(
        of slot: CertificateSlot,
        by deadline: Deadline
    ) throws(DriverError) -> LoadedCertificate {
        let answer = try session.ask("show ssl cert \(keys.word.text)/\(slot.fileName.text)", by: deadline)
        let lines = answer.split(separator: "\n")
        guard lines.contains(where: { $0.hasPrefix("Serial:") }) else { return .none }
        let line = lines.first { $0.hasPrefix("SHA1 FingerPrint:") }
        return line?.split(separator: " ").last.map { .sha1($0.lowercased()) } ?? .unknown
    }

    /// Checks that HAProxy has a certificate, and that clients get it.
    ///
    /// - Throws: `DriverError`.
    private func confirm(
        _ slot: CertificateSlot,
        of rendered: RenderedConfiguration,
        by deadline: Deadline
    ) throws(DriverError) {
        guard let facts = keys.facts(of: slot.container) else { return }
        switch try loadedCertificate(of: slot, by: deadline) {
        // The handshake decides.
        case .sha1(facts.sha1), .unknown: break
        case .none, .sha1: throw DriverError(.unavailable, "HAProxy has not taken certificate \(slot.container.id)")
        }
        guard
            let loadBalancer = rendered.set.loadBalancers.first(where: { $0.key == slot.key }),
            let address = rendered.listening.first(where: { $0.port == loadBalancer.port })
        else { return }
        let host = slot.host == nil ? nil : facts.names.lazy.compactMap(Self.host).first
        guard slot.host == nil || host != nil else { return }
        // Another container may have the same name.
        let valid = CertificateSlot.all(of: loadBalancer).filter { other in
            host.map { host in keys.facts(of: other.container)?.names.contains { Self.host($0) == host } ?? false }
                ?? (other.host == nil)
        }
        // HAProxy may close or delay a connection of the device itself because of these rules, before the handshake.
        let access = loadBalancer.access
        let mayBeRefused = access.allowedNetworks != nil || access.rateLimit != nil || access.connectionLimit != nil
        let shown = HandshakeProbe.certificate(
            at: address,
            host: host,
            sendsProxyHeader: access.acceptsProxyProtocol,
            by: mayBeRefused ? .after(Self.shortTimeout) : deadline
        )
        guard shown != nil || !mayBeRefused else { return }
        guard valid.contains(where: { $0.container.sha256 == shown }) else {
            throw DriverError(
                .unavailable,
                "clients get another certificate than \(slot.container.id)"
                    + (shown.map { ": SHA-256 \($0)" } ?? ": the handshake failed")
            )
        }
    }

    /// A host that a certificate's name is for; nil for an address, which no client names.
    private static func host(_ name: String) -> String? {
        let host = name.hasPrefix("*.") ? "steelyard" + name.dropFirst() : name
        guard case .name? = try? HostAddress(host) else { return nil }
        return host
    }
}
