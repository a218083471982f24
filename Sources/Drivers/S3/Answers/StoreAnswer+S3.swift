// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The parts of an S3 store's response that are used.
extension StoreAnswer {
    /// The upload that created the object.
    var uploadID: UploadID? { ownHeader(S3Header.upload).flatMap { UploadID($0) } }

    /// Whether encryption makes the object's ETag something other than an MD5, even if it looks like one.
    var hasOpaqueETag: Bool {
        ownHeader("x-amz-server-side-encryption")?.lowercased().hasPrefix("aws:kms") == true
            || ownHeader("x-amz-server-side-encryption-customer-algorithm") != nil
    }

    /// The identifier of a new multipart upload; nil if the response has none.
    var multipartUploadID: String? {
        guard let document = XMLElement(content), document.name == "InitiateMultipartUploadResult" else { return nil }
        return document.text(of: "UploadId").flatMap { Self.isMultipartUploadID($0) ? $0 : nil }
    }

    /// The checksum of an object just completed from its parts; nil if the response does not confirm completion.
    var completedETag: EntityTag? {
        guard let document = XMLElement(content), document.name == "CompleteMultipartUploadResult" else { return nil }
        return document.text(of: "ETag").map { EntityTag($0) }
    }

    /// The bucket's region, if the response names it.
    var bucketRegion: String? { S3ErrorBody(self)?.region ?? ownHeader("x-amz-bucket-region") }

    static func isMultipartUploadID(_ text: String) -> Bool {
        (1...2048).contains(text.utf8.count) && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }
}
