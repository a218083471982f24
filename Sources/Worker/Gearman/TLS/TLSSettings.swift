// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// `gearman.tls`: the encryption and verification of connections to the job servers.
///
/// Every path is absolute.
struct TLSSettings: Hashable, Sendable {
    /// `gearman.tls.ca`: a PEM file of certificate authorities to trust; nil for the system's.
    var ca: String?
    /// `gearman.tls.certificate`: a PEM file with the client certificate, followed by its chain; nil for none.
    var certificate: String?
    /// `gearman.tls.key`: a PEM file with the client certificate's private key; set if and only if `certificate` is.
    var key: String?
    /// `gearman.tls.server_name`: the name or IP address required in each certificate; nil for the job server's host.
    var serverName: String?

    init(ca: String? = nil, certificate: String? = nil, key: String? = nil, serverName: String? = nil) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
        self.serverName = serverName
    }
}
