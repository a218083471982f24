// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Where one object is, and what gives access to it.
struct ObjectAddress: Sendable {
    let path: ObjectPath
    let endpoint: StorageEndpoint
    let token: StorageToken

    var objectURL: String { "\(endpoint)/\(Self.encoded(path.container))/\(Self.encoded(path.name, allowing: "/"))" }

    /// The container of the object's segments: as python-swiftclient has it.
    ///
    /// It is not the object's own, so that a listing of that one has archives and no parts of them.
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

    /// The URL of a listing of an upload's segments.
    ///
    /// - Parameter marker: The name after which the listing begins; nil for its beginning.
    func listingURL(of upload: UploadID, after marker: String?, limit: Int) -> String {
        let prefix = Self.encoded(segmentPrefix(of: upload))
        let page = marker.map { "&marker=\(Self.encoded($0))" } ?? ""
        return "\(url(of: .segments))?format=plain&limit=\(limit)&prefix=\(prefix)\(page)"
    }

    /// The name of a segment in its container.
    func name(of segment: SegmentName) -> String { "\(path.name)/\(segment)" }

    /// What the names of an upload's segments begin with.
    func segmentPrefix(of upload: UploadID) -> String { "\(path.name)/\(upload)-" }

    /// Reads a name of the listing of an upload's segments; nil for the name of anything else.
    func segment(named name: some StringProtocol, of upload: UploadID) -> SegmentName? {
        let folder = "\(path.name)/"
        // Byte by byte: Unicode knows several spellings of a name, the store but one.
        guard name.utf8.starts(with: folder.utf8) else { return nil }
        return SegmentName(String(decoding: name.utf8.dropFirst(folder.utf8.count), as: UTF8.self), of: upload)
    }

    /// Encodes everything but the characters that RFC 3986 reserves for no purpose.
    static func encoded(_ text: String, allowing allowed: Unicode.Scalar? = nil) -> String {
        PercentEncoding.encoded(text, allowing: allowed)
    }
}
