// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

@testable import S3Store

extension FuzzTarget {
    /// Answers of an S3 store: errors, identifiers and lists of multipart uploads.
    static let s3Answers = FuzzTarget(name: "s3-answers") { bytes in
        let content = String(decoding: bytes, as: UTF8.self)
        let failures = S3Failures(
            address: S3Address(
                path: ObjectPath(container: "bucket", name: "key"),
                endpoint: try StorageEndpoint("https://store.example"),
                credentials: try S3Credentials(accessKey: "AKIAEXAMPLE", secretKey: "s3cret"),
                addressing: .path
            )
        )
        for status in [200, 301, 403, 404, 503] {
            let answer = StoreAnswer(status: status, content: content)
            let error = failures.error(for: answer)
            let isOneLine = error.message.unicodeScalars.allSatisfy { 0x20...0x7E ~= $0.value }
            try FuzzFailure.require(isOneLine && error.message.count < 600, "not one short line: \(error.message)")
            try FuzzFailure.require(!error.message.lowercased().contains("s3cret"), "a secret is in \(error.message)")
        }
        let answer = StoreAnswer(status: 200, content: content)
        for id in (answer.multipartUploadID.map { [$0] } ?? []) + (UploadListing(answer, key: "key")?.ids ?? []) {
            let url = failures.address.url(ofPart: 1, upload: id)
            try FuzzFailure.require(
                url.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "#") },
                "an identifier gives a URL"
            )
        }
        if let etag = answer.completedETag { _ = etag.isMD5 }
        guard let element = XMLElement(bytes) else { return }
        let text = "<a>\(XMLText.escaped(element.text))</a>"
        try FuzzFailure.requireEqual(
            XMLElement(Array(text.utf8))?.text,
            element.text,
            "a text is read back"
        )
    }
}
