// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A change of a certificate while HAProxy runs.
enum CertificateChange: Hashable, Sendable {
    /// A slot gets another content.
    case replace(CertificateSlot)
    /// A certificate for more host names.
    case add(CertificateSlot)
    /// A certificate that HAProxy has, but no longer shows.
    case list(CertificateSlot)
    /// A certificate that is no longer shown.
    case remove(CertificateSlot)

    var slot: CertificateSlot {
        switch self {
        case .replace(let slot), .add(let slot), .list(let slot), .remove(let slot): slot
        }
    }

    /// HAProxy's limit for the text of a command is 16,384 bytes; more is cut off without an answer.
    static let mostBytes = 16_000

    /// The commands.
    ///
    /// - Parameters:
    ///   - folder: The folder for keys.
    ///   - pem: The new content of the slot.
    func commands(in folder: CheckedWord, _ pem: SecretText) -> [RuntimeCommand] {
        let file: HAProxyWord = "\(folder)/\(slot.fileName)"
        let list: HAProxyWord = "\(folder)/\(CertificateSlot.listName(slot.key))"
        let set = [
            RuntimeCommand("set ssl cert", file, payload: pem, answers: .containing("ransaction")),
            RuntimeCommand("commit ssl cert", file, answers: .containing("Success!")),
        ]
        let listed = RuntimeCommand("add ssl crt-list", list, file, answers: .containing("Success!"))
        switch self {
        case .replace: return set
        case .add:
            let made = RuntimeCommand("new ssl cert", file, answers: .containing("New empty certificate store"))
            return [made] + set + [listed]
        case .list: return [listed]
        case .remove:
            return [
                RuntimeCommand("del ssl crt-list", list, file, answers: .containing("deleted in crtlist")),
                RuntimeCommand("del ssl cert", file, answers: .containing("deleted!")),
            ]
        }
    }

    /// The changes from the slots that HAProxy has to others.
    ///
    /// - Parameter faults: The slots that HAProxy should have but has not, or has with another certificate.
    static func all(
        from old: [CertificateSlot],
        to wanted: [CertificateSlot],
        faults: [HAProxyWord: SlotFault]
    ) -> [CertificateChange] {
        let known = Dictionary(old.map { ($0.fileName, $0) }) { first, _ in first }
        var changes: [CertificateChange] = []
        for slot in wanted {
            let before = known[slot.fileName]
            if before == nil || faults[slot.fileName] == .missing {
                changes.append(.add(slot))
            } else if before?.container.digest != slot.container.digest || faults[slot.fileName] == .different {
                changes.append(.replace(slot))
            }
            if before != nil, faults[slot.fileName] == .unlisted { changes.append(.list(slot)) }
        }
        let names = Set(wanted.map(\.fileName))
        return changes + old.filter { !names.contains($0.fileName) }.map(CertificateChange.remove)
    }
}

/// What another program has done to a slot in the running HAProxy.
enum SlotFault: Hashable, Sendable {
    /// HAProxy does not have it.
    case missing
    /// It has another certificate.
    case different
    /// It has the certificate, but does not show it.
    case unlisted
}

extension CertificateChange: CustomStringConvertible {
    var description: String {
        let text = "\(slot.container.id), SHA-256 \(slot.container.sha256.description.prefix(16))…"
        switch self {
        case .replace(let slot) where slot.host == nil: return "replace the default certificate by \(text)"
        case .replace: return "replace certificate \(text)"
        case .add: return "add certificate \(text)"
        case .list: return "show certificate \(text) again"
        case .remove: return "remove certificate \(text)"
        }
    }
}
