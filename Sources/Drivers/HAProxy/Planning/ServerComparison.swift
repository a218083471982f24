// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The differences between the running servers and the wanted ones.
struct ServerComparison {
    /// The changes that commands can make, in an order that always keeps as many servers as possible in use.
    private(set) var changes: [RuntimeChange] = []
    /// The differences that only a reload can change.
    private(set) var obstacles: [ReloadReason] = []
    /// The certificates and authorities that HAProxy has loaded for servers.
    private let loadedFiles: Set<HAProxyWord>

    /// - Parameter old: The configuration that HAProxy loaded, with all changes since.
    init(
        from running: RunningState,
        _ old: RenderedConfiguration,
        to wanted: RenderedConfiguration,
        removed: [ServerName: ProxyServer]
    ) {
        let known = Dictionary(old.servers.map { ($0.name, $0) }) { first, _ in first }
        loadedFiles = Set(old.servers.lazy.flatMap(\.files))
        let present = Dictionary(running.servers.map { ($0.name, $0) }) { first, _ in first }
        for server in wanted.servers {
            switch (present[server.name], known[server.name]) {
            case (let current?, let before?): compare(current, before, server)
            case (_?, nil): bringBack(server, removed[server.name])
            // Also a server that an operator deleted.
            case (nil, _): add(server)
            }
        }
        let names = Set(wanted.servers.map(\.name))
        for server in running.servers where !names.contains(server.name) {
            // A retired server is deleted later.
            let before = known[server.name]
            guard before != nil || !server.isDisabled else { continue }
            if before?.hasName == true {
                obstacles.append(.hostName(server.name))
            } else {
                changes.append(.remove(server.name))
            }
        }
        compareBackups(running, known, wanted)
        // The standard library's sort is stable.
        changes.sort { $0.order < $1.order }
    }

    private mutating func compare(_ current: RunningServer, _ before: ProxyServer, _ server: ProxyServer) {
        if server.hasName || before.hasName {
            guard server.address == before.address, server.port == before.port else {
                obstacles.append(.hostName(server.name))
                return
            }
            // HAProxy has not resolved the name; no command sets the first address of such a server.
            guard current.address != nil || server.initialAddress == nil else {
                obstacles.append(.hostName(server.name))
                return
            }
        }
        guard server.hasOwnCookie == before.hasOwnCookie else {
            obstacles.append(.ownCookie(server.name))
            return
        }
        guard server.parameters == before.parameters else {
            obstacles.append(.roleChanged(server.name))
            return
        }
        guard server.connectionWords == before.connectionWords else {
            obstacles.append(.connectionsChanged(server.name))
            return
        }
        guard server.canBeChecked(after: before) else {
            obstacles.append(.checkMovedBack(server.name))
            return
        }
        if server.connectionLimit != before.connectionLimit {
            changes.append(.limit(server.name, server.connectionLimit))
        }
        if server.check != .standard, !server.isChecked(like: current) {
            changes.append(.moveCheck(server.name, server.check))
        }
        if let address = server.fixedAddress, current.address != address || current.port != server.port.number {
            changes.append(.move(server, isDown: !current.isUp && !server.isDisabled && !current.isDisabled))
        }
        if current.weight != server.weight {
            changes.append(.setWeight(server.name, from: current.weight, to: server.weight))
        }
        if server.isDisabled {
            if !current.isDisabled { changes.append(.disable(server.name)) }
        } else if current.isDisabled || current.isDrained {
            changes.append(.enable(server.name))
        }
    }

    private mutating func add(_ server: ProxyServer) {
        if server.hasName {
            obstacles.append(.hostName(server.name))
        } else if server.hasOwnCookie {
            obstacles.append(.ownCookie(server.name))
        } else if !server.files.allSatisfy(loadedFiles.contains) {
            obstacles.append(.certificatesNotLoaded(server.name))
        } else {
            changes.append(.add(server))
        }
    }

    private mutating func bringBack(_ server: ProxyServer, _ before: ProxyServer?) {
        guard let before, before.parameters == server.parameters, before.connectionWords == server.connectionWords,
            server.canBeChecked(after: before), !before.hasName, !server.hasName
        else {
            obstacles.append(.nodeStillEnding(server.name))
            return
        }
        changes.append(.restore(server))
    }

    /// HAProxy uses the first available backup; an added backup is the last.
    private mutating func compareBackups(
        _ running: RunningState,
        _ known: [ServerName: ProxyServer],
        _ wanted: RenderedConfiguration
    ) {
        let backups = Dictionary(grouping: wanted.servers.lazy.filter(\.isBackup).map(\.name), by: \.backend)
            .filter { $0.value.count > 1 }
        guard !backups.isEmpty else { return }
        let wantedNames = Set(backups.values.joined())
        let present = Dictionary(
            grouping: running.servers.lazy.map(\.name).filter(wantedNames.contains),
            by: \.backend
        )
        for (backend, names) in backups.sorted(by: { $0.key.description < $1.key.description }) {
            let present = present[backend] ?? []
            let isPresent = Set(present)
            if present + names.filter({ !isPresent.contains($0) }) != names {
                obstacles.append(.backupsReordered(backend))
            }
        }
    }
}

extension ProxyServer {
    /// Whether commands can move its checks: no command returns them to the server's own address or port.
    fileprivate func canBeChecked(after before: ProxyServer) -> Bool {
        (check.address != nil || before.check.address == nil) && (check.port != nil || before.check.port == nil)
    }

    /// Whether a running server has the same place of checks.
    func isChecked(like running: RunningServer) -> Bool {
        running.checkAddress == check.address && running.checkPort == check.port.map { Int($0.number) }
    }
}
