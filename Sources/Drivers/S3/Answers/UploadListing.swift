// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores

/// The unfinished multipart uploads of one key, as a store lists them.
struct UploadListing: Hashable {
    /// Their identifiers.
    let ids: [String]
    /// Whether there may be more uploads.
    let isCut: Bool

    /// Parses a response.
    ///
    /// - Parameter key: The key; the store lists all keys that start with it, in byte order.
    /// - Returns: nil if the response is not a list.
    init?(_ answer: StoreAnswer, key: String) {
        guard let document = XMLElement(answer.content), document.name == "ListMultipartUploadsResult" else {
            return nil
        }
        ids = document.children.filter { $0.name == "Upload" }.compactMap { upload in
            // Byte by byte: Unicode treats several spellings of a name as equal, the store does not.
            guard let found = upload["Key"]?.text, found.utf8.elementsEqual(key.utf8),
                let id = upload.text(of: "UploadId"), StoreAnswer.isMultipartUploadID(id)
            else { return nil }
            return id
        }
        let next = document.text(of: "NextKeyMarker") ?? ""
        isCut = document.text(of: "IsTruncated") == "true" && next.utf8.elementsEqual(key.utf8)
    }
}
