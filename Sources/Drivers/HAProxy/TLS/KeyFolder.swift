// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCertificates
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// The folder with the certificates and private keys, which no other file contains.
///
/// A content is stored once, in a file named by its SHA-256, and never changes. The file of a slot, which HAProxy loads,
/// is a hard link to it: a change and its rollback are renames. ``store(_:)`` comes first, ``install(_:)`` makes the
/// contents those that HAProxy loads, and ``collect(keeping:)`` removes what the state no longer names.
final class KeyFolder: Sendable {
    /// The folder; absolute.
    let path: FilePath
    let word: CheckedWord
    /// Whether another agent may use the folder, so that only files of this object are removed.
    private let isReadOnly: Bool
    private let facts = Mutex<[SHA256Value: CertificateFile]>([:])
    /// The names of new files, until they are collected.
    private let made = Mutex<Set<String>>([])

    init(_ configuration: HAProxyConfiguration, isReadOnly: Bool = false) {
        self.isReadOnly = isReadOnly
        word = configuration.words.keyDirectory
        path = FilePath(word.text)
    }

    // MARK: - Contents

    /// Stores the contents of a message's containers.
    ///
    /// - Returns: The same load balancers, whose containers have only digests.
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func store(_ wanted: LoadBalancerSet) throws(DriverError) -> LoadBalancerSet {
        guard !wanted.containers.isEmpty || !wanted.trustFiles.isEmpty else { return wanted }
        try stateUnwritable { () throws(FileError) in
            try AtomicFile.makeFolder(path)
            for container in wanted.containers {
                guard let digest = container.digest, let content = container.content else { continue }
                try write(content.pem.secret, to: contentFile(digest))
                if facts.withLock({ $0[digest] == nil }), let known = CertificateFile(container) {
                    facts.withLock { $0[digest] = known }
                }
            }
            for file in wanted.trustFiles {
                if let pem = file.pem { try write(pem, to: trustFile(file.sha256)) }
            }
        }
        return wanted.withoutContents
    }

    /// Returns the same load balancers, whose containers without a private key are those of the device.
    ///
    /// - Parameter known: The load balancers that the device has.
    /// - Throws: `DriverError` with code `keyRequired` and the field.
    func resolve(_ wanted: LoadBalancerSet, from known: LoadBalancerSet?) throws(DriverError) -> LoadBalancerSet {
        try wanted.resolved(from: known) { has(contentFile($0)) }
    }

    /// The certificate, chain and key of a container.
    ///
    /// - Throws: `DriverError` with code `stateUnreadable`.
    func content(of container: CertificateContainer) throws(DriverError) -> SecretText {
        let bytes: [UInt8]?
        do throws(FileError) {
            bytes =
                try container.digest.map { digest throws(FileError) in
                    try AtomicFile.read(contentFile(digest), atMost: 16 << 20)
                } ?? nil
        } catch { throw DriverError(.stateUnreadable, error.description) }
        guard let bytes else {
            throw DriverError(
                .stateUnreadable,
                "the file of certificate \(container.id) is missing in \(path); send an UPDATE with its private_key"
            )
        }
        return SecretText(String(decoding: bytes, as: UTF8.self))
    }

    /// The facts of a container's certificate; nil if its file is missing.
    func facts(of container: CertificateContainer) -> CertificateFile? {
        guard let digest = container.digest else { return nil }
        if let known = facts.withLock({ $0[digest] }) { return known }
        guard let content = try? content(of: container), let read = CertificateFile(pem: content.secret) else {
            return nil
        }
        facts.withLock { $0[digest] = read }
        return read
    }

    // MARK: - What HAProxy loads

    /// Makes the contents of slots those that HAProxy loads, and writes the lists of slots.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`, or `stateUnreadable` if a content is missing.
    func install(_ wanted: LoadBalancerSet) throws(DriverError) {
        for loadBalancer in wanted.loadBalancers {
            try requireFiles(of: loadBalancer)
            let slots = CertificateSlot.all(of: loadBalancer)
            guard let first = slots.first else { continue }
            for slot in slots where !isInstalled(slot) {
                try restoreContent(from: slot)
                guard let digest = slot.container.digest, has(contentFile(digest)) else {
                    _ = try content(of: slot.container)
                    continue
                }
                try stateUnwritable { () throws(FileError) in
                    try AtomicFile.link(contentFile(digest), to: file(slot.fileName))
                }
            }
            try writeList(slots, to: file(CertificateSlot.listName(first.key))) { file($0.fileName).string }
        }
    }

    /// Checks that the files without a slot are there: only a message has their content.
    ///
    /// - Throws: `DriverError` with code `stateUnreadable`.
    func requireFiles(of set: LoadBalancerSet) throws(DriverError) {
        for loadBalancer in set.loadBalancers { try requireFiles(of: loadBalancer) }
    }

    private func requireFiles(of loadBalancer: LoadBalancer) throws(DriverError) {
        let trust = loadBalancer.tls?.clientAuthentication.trust
        let pools = loadBalancer.allPools.compactMap(\.tls)
        let files =
            [("client_ca_tls", trust?.authorities), ("client_crl", trust?.revocations)].map { name, file in
                (name, file.map { trustFile($0.sha256) })
            } + pools.map { ("ca_tls", $0.authorities.map { trustFile($0.sha256) }) }
            + pools.map { ("tls", $0.certificate?.digest.map(contentFile)) }
        for case (let name, let file?) in files where !has(file) {
            throw DriverError(
                .stateUnreadable,
                "a file is missing in \(path); send an UPDATE with \(name)_container_data"
            )
        }
    }

    /// Links a missing content to the slot that has it.
    private func restoreContent(from slot: CertificateSlot) throws(DriverError) {
        guard let digest = slot.container.digest, !has(contentFile(digest)),
            let found = try? AtomicFile.read(file(slot.fileName), atMost: 16 << 20),
            ContentDigest.sha256(found) == digest
        else { return }
        try stateUnwritable { () throws(FileError) in
            try AtomicFile.link(file(slot.fileName), to: contentFile(digest))
        }
    }

    /// Whether everything that HAProxy would load is there.
    func isInstalled(_ set: LoadBalancerSet) -> Bool {
        set.loadBalancers.allSatisfy { loadBalancer in
            let slots = CertificateSlot.all(of: loadBalancer)
            let pools = loadBalancer.allPools.compactMap { $0.tls?.certificate?.digest }
            guard loadBalancer.trustFiles.allSatisfy({ has(trustFile($0.sha256)) }),
                pools.allSatisfy({ has(contentFile($0)) })
            else { return false }
            guard let first = slots.first else { return true }
            let list = try? AtomicFile.read(file(CertificateSlot.listName(first.key)))
            return list == Self.list(slots) { file($0.fileName).string } && slots.allSatisfy(isInstalled)
        }
    }

    /// Writes lists with which HAProxy checks a configuration before its slots are installed.
    ///
    /// - Returns: The bytes of the candidate file, which uses them.
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func candidate(of rendered: RenderedConfiguration) throws(DriverError) -> [UInt8] {
        for loadBalancer in rendered.set.loadBalancers {
            let slots = CertificateSlot.all(of: loadBalancer)
            guard let first = slots.first else { continue }
            let list = file(CertificateSlot.listName(first.key))
            let candidate = FilePath(list.string + DeviceFiles.candidateSuffix)
            try writeList(slots, to: candidate) { slot in
                slot.container.digest.map { contentFile($0).string } ?? file(slot.fileName).string
            }
        }
        return Array((rendered.candidateText ?? rendered.text).utf8)
    }

    /// Removes every file that these load balancers do not need.
    func collect(keeping kept: LoadBalancerSet?) {
        guard let names = try? AtomicFile.names(in: path), !names.isEmpty else { return }
        var needed: Set<String> = []
        for loadBalancer in kept?.loadBalancers ?? [] {
            let slots = CertificateSlot.all(of: loadBalancer)
            if let first = slots.first { needed.insert(CertificateSlot.listName(first.key).text) }
            for slot in slots {
                needed.insert(slot.fileName.text)
            }
        }
        for container in kept?.containers ?? [] {
            if let digest = container.digest { needed.insert("\(digest).pem") }
        }
        for file in kept?.trustFiles ?? [] { needed.insert("\(file.sha256).trust.pem") }
        let made = made.withLock { made in
            defer { made = [] }
            return made
        }
        for name in names where !needed.contains(name) && (isReadOnly ? made.contains(name) : Self.isOwn(name)) {
            try? AtomicFile.remove(path.appending(name), isFlushed: false)
        }
        // A dry run leaves nothing; a folder with files stays.
        if isReadOnly { _ = unsafe rmdir(path.string) }
        facts.withLock { facts in
            let digests = Set(kept?.containers.compactMap(\.digest) ?? [])
            facts = facts.filter { digests.contains($0.key) }
        }
    }

    /// Whether a name is one of this class; an operator may have set `tls.directory` to a folder with other files.
    private static func isOwn(_ name: String) -> Bool {
        var name = Substring(name)
        for suffix in [".new", DeviceFiles.candidateSuffix] where name.hasSuffix(suffix) {
            name = name.dropLast(suffix.count)
        }
        for suffix in [".trust.pem", ".pem"] where name.hasSuffix(suffix) {
            if (try? SHA256Value(String(name.dropLast(suffix.count)))) != nil { return true }
        }
        // An id may have dots: `http-a.b-in:host.c.d.pem`.
        for end in [".list", ".default.pem"] where name.hasSuffix(end) {
            if ProxyName(frontend: name.dropLast(end.count)) != nil { return true }
        }
        guard name.hasSuffix(".pem") else { return false }
        return [".host.", ":host."].contains { separator in
            name.firstRange(of: separator).map { ProxyName(frontend: name[..<$0.lowerBound]) != nil } ?? false
        }
    }

    private func writeList(
        _ slots: [CertificateSlot],
        to list: FilePath,
        _ name: (CertificateSlot) -> String
    ) throws(DriverError) {
        let text = Self.list(slots, name)
        guard (try? AtomicFile.read(list)) != text else { return }
        note(list)
        try stateUnwritable { () throws(FileError) in try AtomicFile.write(text, to: list) }
    }

    private static func list(_ slots: [CertificateSlot], _ name: (CertificateSlot) -> String) -> [UInt8] {
        Array(slots.map { name($0) + "\n" }.joined().utf8)
    }

    private func write(_ pem: String, to file: FilePath) throws(FileError) {
        guard (try? AtomicFile.read(file, atMost: 16 << 20)) != Array(pem.utf8) else { return }
        note(file)
        try AtomicFile.write(Array(pem.utf8), to: file)
    }

    private func note(_ file: FilePath) {
        if let name = file.lastComponent?.string { made.withLock { _ = $0.insert(name) } }
    }

    /// Whether a slot's file is the content.
    private func isInstalled(_ slot: CertificateSlot) -> Bool {
        guard let digest = slot.container.digest, let wanted = FileIdentity(contentFile(digest)),
            let found = FileIdentity(file(slot.fileName))
        else { return false }
        return wanted == found
    }

    private func file(_ name: HAProxyWord) -> FilePath { path.appending(name.text) }
    private func contentFile(_ digest: SHA256Value) -> FilePath { path.appending("\(digest).pem") }
    private func trustFile(_ digest: SHA256Value) -> FilePath { path.appending("\(digest).trust.pem") }
    private func has(_ file: FilePath) -> Bool { FileIdentity(file) != nil }
}
