// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores

/// The uploads in parts of one key that have not ended, as a store lists them.
struct UploadListing: Hashable {
    /// Their identifiers.
    let ids: [String]
    /// Whether there may be more of them.
    let isCut: Bool

    /// Reads an answer.
    ///
    /// - Parameter key: The key; the store lists all that begin with it, in the order of their bytes.
    /// - Returns: nil if it is no list.
    init?(_ answer: StoreAnswer, key: String) {
        guard let document = XMLElement(answer.content), document.name == "ListMultipartUploadsResult" else {
            return nil
        }
        ids = document.children.filter { $0.name == "Upload" }.compactMap { upload in
            // Byte by byte: Unicode knows several spellings of a name, the store but one.
            guard let found = upload["Key"]?.text, found.utf8.elementsEqual(key.utf8),
                let id = upload.text(of: "UploadId"), StoreAnswer.isMultipartUploadID(id)
            else { return nil }
            return id
        }
        let next = document.text(of: "NextKeyMarker") ?? ""
        isCut = document.text(of: "IsTruncated") == "true" && next.utf8.elementsEqual(key.utf8)
    }
}
