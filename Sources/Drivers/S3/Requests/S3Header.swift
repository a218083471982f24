// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Headers specific to S3.
enum S3Header {
    /// Metadata of the object: the upload's identifier, by which an upload recognizes its object.
    static let upload = "x-amz-meta-steelyard-upload"
    /// The checksum of the content, which is part of the signature.
    static let contentSHA256 = "x-amz-content-sha256"
    /// The SHA-256 of empty content.
    static let emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
