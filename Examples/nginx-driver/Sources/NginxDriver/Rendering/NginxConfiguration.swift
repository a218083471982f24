// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A configuration of nginx.
struct NginxConfiguration: Sendable {
    /// The content of the file.
    let file: ConfigurationText
    /// The lines without the fingerprint, for comparisons.
    let lines: [String]
    /// The fingerprint of the configuration; an nginx that runs it returns it on its control socket.
    let fingerprint: String
    /// The listeners for clients.
    let listeners: [Listener]

    /// Renders a configuration.
    ///
    /// - Parameters:
    ///   - set: The load balancers; nil for no listeners.
    ///   - directory: The directory of nginx's own files.
    /// - Throws: `DriverError` with the code `unsupported` and a field for a feature that nginx lacks.
    init(_ set: LoadBalancerSet?, _ settings: NginxSettings, in directory: NginxDirectory) throws(DriverError) {
        let renderer = Renderer(loadBalancers: set?.loadBalancers ?? [], settings: settings, directory: directory)
        let draft = try renderer.render(fingerprint: "")
        lines = draft.lines
        fingerprint = Self.fingerprint(of: draft)
        file = try renderer.render(fingerprint: fingerprint)
        listeners = Listener.all(of: set)
    }

    /// FNV-1a: it must distinguish configurations of one device, not resist an attack.
    private static func fingerprint(of file: ConfigurationText) -> String {
        let hash = file.text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
