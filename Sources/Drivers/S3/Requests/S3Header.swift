// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The headers that are S3's own.
enum S3Header {
    /// Kept with the object: the upload's identifier, by which an upload recognizes its object.
    static let upload = "x-amz-meta-steelyard-upload"
    /// The checksum of the content, which belongs to the signature.
    static let contentSHA256 = "x-amz-content-sha256"
    /// The SHA-256 of no content at all.
    static let emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
