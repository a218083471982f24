// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A version of TLS: an element of the field `tls_versions`.
public enum TLSVersion: String, NamedChoice, Comparable {
    /// TLS 1.0, which OpenSSL allows only at its lowest security level.
    case tls10 = "TLSv1"
    /// TLS 1.1, which OpenSSL allows only at its lowest security level.
    case tls11 = "TLSv1.1"
    /// TLS 1.2.
    case tls12 = "TLSv1.2"
    /// TLS 1.3.
    case tls13 = "TLSv1.3"

    /// The default: TLS 1.2 and 1.3.
    public static let standard: ClosedRange<TLSVersion> = .tls12 ... .tls13

    /// Whether the first version is older than the second.
    public static func < (first: TLSVersion, second: TLSVersion) -> Bool { first.place < second.place }

    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// Returns the range of a list.
    ///
    /// - Throws: `InvalidValue` for an empty list, and for a list with a gap: HAProxy has only a lowest and a highest version.
    static func range(_ versions: [TLSVersion]) throws(InvalidValue) -> ClosedRange<TLSVersion> {
        guard let lowest = versions.min(), let highest = versions.max() else {
            throw InvalidValue("must name at least one version")
        }
        for version in allCases where (lowest...highest).contains(version) && !versions.contains(version) {
            throw InvalidValue(
                "has \(lowest.rawValue) and \(highest.rawValue) but not \(version.rawValue); the versions must be contiguous"
            )
        }
        return lowest...highest
    }
}
