// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Where one object is: its URL, its container's, and what gives access to them.
struct ObjectAddress: Sendable {
    let path: ObjectPath
    let endpoint: StorageEndpoint
    let token: StorageToken

    var containerURL: String { "\(endpoint)/\(Self.percentEncoded(path.container))" }

    var objectURL: String { "\(containerURL)/\(Self.percentEncoded(path.name, allowing: "/"))" }

    /// The container of the object's segments: as python-swiftclient has it, and not the object's own, so that whoever
    /// lists that one sees archives and no parts of them.
    var segmentsContainer: String { "\(path.container)_segments" }

    var segmentsContainerURL: String { "\(endpoint)/\(Self.percentEncoded(segmentsContainer))" }

    func url(of segment: SegmentName) -> String {
        "\(segmentsContainerURL)/\(Self.percentEncoded(name(of: segment), allowing: "/"))"
    }

    /// What a segment is called within the segments' container.
    func name(of segment: SegmentName) -> String { "\(path.name)/\(segment)" }

    /// Encodes everything but the characters that RFC 3986 reserves for no purpose.
    static func percentEncoded(_ text: String, allowing allowed: Unicode.Scalar? = nil) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            switch scalar {
            case "A"..."Z", "a"..."z", "0"..."9", "-", ".", "_", "~": result.unicodeScalars.append(scalar)
            case _ where scalar == allowed: result.unicodeScalars.append(scalar)
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
