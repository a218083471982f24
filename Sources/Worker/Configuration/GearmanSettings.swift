// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The settings of the group `gearman`.
struct GearmanSettings: Sendable {
    let servers: [GearmanServer]
    let function: String
    let tls: TLSSettings?

    init(_ settings: inout SettingReader) throws(SettingError) {
        servers = try settings.value(
            "servers",
            default: [.local].compactMap(\.self),
            syntax: "list of HOST:PORT",
            "The job servers.",
            show: { .list($0.map { .string($0.description) }) },
            parse: Self.servers
        )
        function = try settings.value(
            "function",
            default: HostName.current,
            syntax: "text",
            "The function to register for jobs. If null, the host name.",
            isOptional: true,
            show: { .string($0) },
            parse: { value throws(InvalidValue) in
                let name = try value.string()
                guard name.utf8.count <= 512, name.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                    throw InvalidValue("must be at most 512 visible ASCII characters")
                }
                return name
            }
        )
        let tls = TLSSettings(
            ca: try settings.optionalPath("tls.ca", "PEM file of certificate authorities to trust."),
            certificate: try settings.optionalPath(
                "tls.certificate",
                "PEM file of the client certificate, followed by its chain."
            ),
            key: try settings.optionalPath("tls.key", "PEM file of the client certificate's private key."),
            serverName: try settings.optionalString(
                "tls.server_name",
                syntax: "host",
                "Name in each job server's certificate. If null, the job server's host."
            ) { text throws(InvalidValue) in _ = try HostAddress(text) }
        )
        self.tls = tls == TLSSettings() ? nil : tls
        // Each is useless without the other.
        switch (tls.certificate, tls.key) {
        case (nil, nil), (_?, _?): break
        case (nil, _?):
            throw SettingError("gearman.tls.certificate", "must be set because gearman.tls.key is")
        case (_?, nil):
            throw SettingError("gearman.tls.key", "must be set because gearman.tls.certificate is")
        }
    }

    private static func servers(_ value: SettingValue) throws(InvalidValue) -> [GearmanServer] {
        var servers: [GearmanServer] = []
        for text in try value.strings() { servers.append(try GearmanServer(text)) }
        guard !servers.isEmpty else { throw InvalidValue("must name at least one job server") }
        guard Set(servers).count == servers.count else { throw InvalidValue("must name each job server once") }
        return servers
    }
}

extension GearmanServer {
    /// The job server of this device.
    fileprivate static let local = try? GearmanServer("127.0.0.1")
}
