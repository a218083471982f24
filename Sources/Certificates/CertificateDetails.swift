// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
import Glibc
package import SteelyardCore

/// The details of a certificate for an error.
///
/// The peer controls the contents, so names are escaped and truncated.
package struct CertificateDetails {
    /// The DNS names and IP addresses, at most ten; the common name if there are none.
    package let names: [String]
    /// Whether it has expired.
    package let hasExpired: Bool
    /// Whether it is not valid yet.
    package let isNotYetValid: Bool
    /// The start of its validity, `YYYY-MM-DD HH:MM:SS UTC`; nil if it is not a valid time.
    package let firstSecond: String?
    /// The end of its validity, in the same format.
    package let lastSecond: String?
    /// The end of its validity; nil if it is not a valid time.
    package let end: UTCTimestamp?

    /// - Parameter certificate: An `X509`, used only during this call.
    package init(_ certificate: OpaquePointer) {
        let start = unsafe X509_get0_notBefore(certificate)
        let end = unsafe X509_get0_notAfter(certificate)
        unsafe hasExpired = X509_cmp_current_time(end) < 0
        unsafe isNotYetValid = X509_cmp_current_time(start) > 0
        unsafe firstSecond = Self.describe(start)
        unsafe lastSecond = Self.describe(end)
        unsafe self.end = Self.time(end)
        let alternatives = unsafe Self.alternativeNames(certificate)
        unsafe names = alternatives.isEmpty ? Self.commonName(certificate).map { [$0] } ?? [] : alternatives
    }

    /// Returns the details of each certificate of a chain.
    ///
    /// - Parameter chain: A stack of `X509`, the peer's first; used only during this call.
    package static func chain(_ chain: OpaquePointer) -> [CertificateDetails] {
        let count = unsafe steelyard_ssl_certificate_count(chain)
        return (0..<max(count, 0)).compactMap { index in
            unsafe steelyard_ssl_certificate(chain, index).map { unsafe CertificateDetails($0) }
        }
    }

    private static func alternativeNames(_ certificate: OpaquePointer) -> [String] {
        guard let pointer = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let stack = OpaquePointer(pointer)
        defer { unsafe GENERAL_NAMES_free(stack) }
        var names: [String] = []
        let count = unsafe steelyard_ssl_name_count(stack)
        for index in 0..<max(count, 0) where names.count < 10 {
            var isAddress: Int32 = 0
            var bytes: UnsafePointer<UInt8>?
            let count = unsafe steelyard_ssl_name(stack, index, &isAddress, &bytes)
            guard count > 0, let start = unsafe bytes else { continue }
            let value = unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
            names.append(isAddress == 0 ? quote(value) : address(value))
        }
        return names
    }

    private static func commonName(_ certificate: OpaquePointer) -> String? {
        var text = [CChar](repeating: 0, count: 65)
        guard let subject = unsafe X509_get_subject_name(certificate) else { return nil }
        let count = unsafe X509_NAME_get_text_by_NID(subject, NID_commonName, &text, Int32(text.count))
        return count > 0 ? quote(text.prefix(Int(count)).map { UInt8(bitPattern: $0) }) : nil
    }

    private static func address(_ bytes: [UInt8]) -> String {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16 else { return "an invalid address" }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "an invalid address" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Returns a name in a safe form for a log line.
    private static func quote(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(100).map { 0x21...0x7E ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private static func describe(_ time: UnsafePointer<ASN1_TIME>?) -> String? {
        // Without the fraction.
        unsafe self.time(time).map { $0.description.prefix(19) + " UTC" }
    }

    private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> UTCTimestamp? {
        var seconds: Int64 = 0
        guard unsafe steelyard_ssl_seconds(time, &seconds) == 1 else { return nil }
        return UTCTimestamp(microseconds: seconds * 1_000_000)
    }
}
