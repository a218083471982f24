// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Testing

/// A program that a test needs.
///
/// If it is missing, the test is skipped with a reason; if `CI` is set, it fails instead.
package enum Requirement: String, Sendable {
    case haproxy = "/usr/sbin/haproxy"
    case gearmand = "/usr/sbin/gearmand"
    case logrotate = "/usr/sbin/logrotate"
    case rsyslog = "/usr/sbin/rsyslogd"
    case openssl = "/usr/bin/openssl"
    case stunnel = "/usr/bin/stunnel4"
    case python = "/usr/bin/python3"
    case openStackSwift = "openstack-swift"
    case moto = "moto"
    case schemaValidator = "jsonschema"

    package var trait: any TestTrait & SuiteTrait {
        .enabled(if: isMet, "\(self) is not installed; scripts/setup installs it")
    }

    /// Whether to run the test: the program is installed, or its absence must be reported.
    package var isMet: Bool { path != nil || Environment["CI"] != nil }

    /// The program's path; nil if it is not installed.
    package var path: String? {
        switch self {
        case .haproxy: Environment.isExecutable(Environment.haproxy) ? Environment.haproxy : nil
        case .gearmand, .logrotate, .rsyslog, .openssl, .stunnel, .python:
            Environment.isExecutable(rawValue) ? rawValue : nil
        case .openStackSwift: Environment.isExecutable(Environment.testPython) ? rawValue : nil
        case .moto: Environment.hasMoto ? rawValue : nil
        case .schemaValidator: Environment.hasSchemaValidator ? rawValue : nil
        }
    }
}
