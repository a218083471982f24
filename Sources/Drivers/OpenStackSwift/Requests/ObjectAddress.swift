// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The location of an object and its token.
struct ObjectAddress: Sendable {
    let path: ObjectPath
    let endpoint: StorageEndpoint
    let token: StorageToken

    var objectURL: String { "\(endpoint)/\(Self.encoded(path.container))/\(Self.encoded(path.name, allowing: "/"))" }

    /// The container of the object's segments, named as by python-swiftclient.
    ///
    /// It differs from the object's container, so that a listing of that one contains archives only.
    var segmentsContainer: String { "\(path.container)_segments" }

    func url(of container: StoreContainer) -> String {
        switch container {
        case .objects: "\(endpoint)/\(Self.encoded(path.container))"
        case .segments: "\(endpoint)/\(Self.encoded(segmentsContainer))"
        }
    }

    func url(of segment: SegmentName) -> String {
        "\(url(of: .segments))/\(Self.encoded(name(of: segment), allowing: "/"))"
    }

    /// Returns the URL of a listing of an upload's segments.
    ///
    /// - Parameter marker: The name after which the listing starts; nil for its start.
    func listingURL(of upload: UploadID, after marker: String?, limit: Int) -> String {
        let prefix = Self.encoded(segmentPrefix(of: upload))
        let page = marker.map { "&marker=\(Self.encoded($0))" } ?? ""
        return "\(url(of: .segments))?format=plain&limit=\(limit)&prefix=\(prefix)\(page)"
    }

    /// Returns the name of a segment in its container.
    func name(of segment: SegmentName) -> String { "\(path.name)/\(segment)" }

    /// Returns the prefix of the names of an upload's segments.
    func segmentPrefix(of upload: UploadID) -> String { "\(path.name)/\(upload)-" }

    /// Parses a name from the listing of an upload's segments; returns nil for any other name.
    func segment(named name: some StringProtocol, of upload: UploadID) -> SegmentName? {
        let folder = "\(path.name)/"
        // Byte by byte: Unicode treats several spellings of a name as equal, the store does not.
        guard name.utf8.starts(with: folder.utf8) else { return nil }
        return SegmentName(String(decoding: name.utf8.dropFirst(folder.utf8.count), as: UTF8.self), of: upload)
    }

    /// Percent-encodes all characters except RFC 3986's unreserved ones.
    static func encoded(_ text: String, allowing allowed: Unicode.Scalar? = nil) -> String {
        PercentEncoding.encoded(text, allowing: allowed)
    }
}
