// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A configuration of nginx.
struct NginxConfiguration: Sendable {
    /// The file.
    let file: ConfigurationText
    /// The lines without the fingerprint, to be compared.
    let lines: [String]
    /// Names the configuration; an nginx that runs it answers with this on its control socket.
    let fingerprint: String
    /// What it listens on for clients.
    let listeners: [Listener]

    /// Renders a configuration.
    ///
    /// - Parameters:
    ///   - set: What to serve; nil to listen for no client.
    ///   - directory: Where nginx's own files are to be.
    /// - Throws: `DriverError` with the code `unsupported` and a field for what nginx cannot do.
    init(_ set: LoadBalancerSet?, _ settings: NginxSettings, in directory: NginxDirectory) throws(DriverError) {
        let renderer = Renderer(loadBalancers: set?.loadBalancers ?? [], settings: settings, directory: directory)
        let draft = try renderer.render(fingerprint: "")
        lines = draft.lines
        fingerprint = Self.fingerprint(of: draft)
        file = try renderer.render(fingerprint: fingerprint)
        listeners = Listener.all(of: set)
    }

    /// FNV-1a: it must tell configurations of one device apart, not resist an attack.
    private static func fingerprint(of file: ConfigurationText) -> String {
        let hash = file.text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
