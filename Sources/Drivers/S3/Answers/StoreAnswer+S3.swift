// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The parts of an S3 store's answer that are used.
extension StoreAnswer {
    /// The upload that the object is a result of.
    var uploadID: UploadID? { ownHeader(S3Header.upload).flatMap { UploadID($0) } }

    /// Whether the object's ETag is no MD5, although it may look like one, because of how the store encrypts the object.
    var hasOpaqueETag: Bool {
        ownHeader("x-amz-server-side-encryption")?.lowercased().hasPrefix("aws:kms") == true
            || ownHeader("x-amz-server-side-encryption-customer-algorithm") != nil
    }

    /// The identifier of an upload in parts that was just begun; nil if the answer has none.
    var multipartUploadID: String? {
        guard let document = XMLElement(content), document.name == "InitiateMultipartUploadResult" else { return nil }
        return document.text(of: "UploadId").flatMap { Self.isMultipartUploadID($0) ? $0 : nil }
    }

    /// The checksum of an object that was just made of its parts; nil if the answer does not say that it was made.
    var completedETag: EntityTag? {
        guard let document = XMLElement(content), document.name == "CompleteMultipartUploadResult" else { return nil }
        return document.text(of: "ETag").map { EntityTag($0) }
    }

    /// The region in which the bucket is, if the answer names it.
    var bucketRegion: String? { S3ErrorBody(self)?.region ?? ownHeader("x-amz-bucket-region") }

    static func isMultipartUploadID(_ text: String) -> Bool {
        (1...2048).contains(text.utf8.count) && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }
}
