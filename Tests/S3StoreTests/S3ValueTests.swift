// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore
import TestServers
import Testing

@testable import S3Store

@Suite("Values of an S3 store")
struct S3ValueTests {
    @Test("credentials are printed as three asterisks")
    func description() throws {
        let credentials = try S3Credentials(accessKey: "AKIAKEY", secretKey: "se/cret+", sessionToken: "tok=en")
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(credentials.authorization, to: &dumped)
        for text in ["\(credentials)", "\(credentials.authorization)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("AKIAKEY") && !text.contains("se/cret+") && !text.contains("tok=en"), "\(text)")
        }
        #expect("\(credentials)" == "***")
    }

    @Test("invalid credentials are rejected, and not quoted")
    func refused() {
        for (key, secret, token, region) in [
            ("", "s", nil, "r"), ("a/b", "s", nil, "r"), ("a b", "s", nil, "r"), ("k", "", nil, "r"),
            ("k", "s3cret\r\nX: y", nil, "r"), ("k", "s", "", "r"), ("k", "s", "t0ken\n", "r"), ("k", "s", nil, ""),
            ("k", "s", nil, "a:b"), ("k", "s", nil, String(repeating: "r", count: 65)), ("k", "s", nil, "größe"),
        ] as [(String, String, String?, String)] {
            let error = #expect(throws: InvalidValue.self) {
                try S3Credentials(accessKey: key, secretKey: secret, sessionToken: token, region: region)
            }
            #expect(error?.problem.contains("s3cret") == false && error?.problem.contains("t0ken") == false)
        }
    }

    @Test("URLs are in the canonical form for signing, for any name")
    func address() throws {
        let path = S3Address(
            path: ObjectPath(
                basePath: try ObjectBasePath("bucket/a b+ü&?"),
                loadBalancer: try Identifier("lb"),
                log: "haproxy",
                time: UTCTimestamp(microseconds: 0)
            ),
            endpoint: try StorageEndpoint("https://s3.example:9000/"),
            credentials: try S3Credentials(accessKey: "k", secretKey: "s"),
            addressing: .path
        )
        let key = "a%20b%2B%C3%BC%26%3F/lb/haproxy-19700101-000000.log.gz"
        #expect(path.objectURL == "https://s3.example:9000/bucket/\(key)")
        #expect(path.url(ofPart: 3, upload: "a+b/=") == "\(path.objectURL)?partNumber=3&uploadId=a%2Bb%2F%3D")
        #expect(path.uploadsURL.hasPrefix("https://s3.example:9000/bucket?prefix=a%20b%2B%C3%BC%26%3F%2Flb%2F"))
        #expect(path.uploadsURL.hasSuffix("&uploads="))
        let host = S3Address(
            path: path.path,
            endpoint: path.endpoint,
            credentials: path.credentials,
            addressing: .virtualHost
        )
        #expect(host.objectURL == "https://bucket.s3.example:9000/\(key)")
        #expect(host.bucketRootURL == "https://bucket.s3.example:9000/")
    }

    @Test("a bucket in a host name must be valid for it", arguments: [("Upper_case", false), ("lower-case.1", true)])
    func hostName(_ name: String, _ isHostName: Bool) throws {
        for addressing in S3Configuration.Addressing.allCases {
            let address = S3Address(
                path: ObjectPath(
                    basePath: try ObjectBasePath(name),
                    loadBalancer: try Identifier("lb"),
                    log: "haproxy",
                    time: UTCTimestamp(microseconds: 0)
                ),
                endpoint: try StorageEndpoint("https://s3.example"),
                credentials: try S3Credentials(accessKey: "k", secretKey: "s"),
                addressing: addressing
            )
            if isHostName || addressing == .path {
                try address.check()
            } else {
                #expect(throws: ObjectStoreError.self) { try address.check() }
            }
        }
    }

    @Test("parts grow with the expected size, up to the limit of one request")
    func partPlan() {
        func bytes(_ estimate: UInt64?, part: Int = 8 << 20, request: Int = 5 << 30) -> UInt64 {
            PartPlan.partBytes(byteEstimate: estimate, partBytes: part, requestBytes: request)
        }
        #expect(bytes(nil) == 8 << 20)
        #expect(bytes(80_000 << 20) == 8 << 20)
        #expect(bytes((80_000 << 20) + 1) == 9 << 20)
        #expect(bytes(1 << 40) * 10_000 >= 1 << 40)
        #expect(bytes(.max) == 5 << 30)
        #expect(bytes(nil, request: 1000) == 1000)
        #expect(bytes(nil, part: 0) == 1)
    }

    @Test("Base64", arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func base64(_ text: String, _ encoded: String) { #expect(Base64.encoded(Array(text.utf8)) == encoded) }

    @Test("the checksum of a multipart object is the MD5 of the parts' MD5s")
    func partList() throws {
        let md5 = try MD5Digest.hexDigits(of: [1, 2, 3])
        let list = try PartList([1, 2].map { StoredPart(number: $0, etag: md5, md5: md5) })
        let bytes = try #require(Hexadecimal.bytes(of: md5))
        #expect(list.etag == "\(try MD5Digest.hexDigits(of: bytes + bytes))-2")
        let root = try #require(XMLElement(list.xml))
        #expect(root.name == "CompleteMultipartUpload")
        #expect(root.children.map { $0.text(of: "PartNumber") } == ["1", "2"])
        #expect(root.children.map { $0.text(of: "ETag") } == ["\"\(md5)\"", "\"\(md5)\""])
    }

    @Test("a list of uploads contains only those of the key")
    func listing() throws {
        func upload(_ key: String, _ id: String) -> String {
            "<Upload><Key>\(key)</Key><UploadId>\(id)</UploadId></Upload>"
        }
        let content =
            "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a&amp;b</NextKeyMarker>"
            + upload("a&amp;b", "1") + upload("a&amp;bc", "2") + upload("a&amp;b", "3") + upload("a&amp;b", "")
            + "</ListMultipartUploadsResult>"
        let listing = try #require(UploadListing(StoreAnswer(status: 200, content: content), key: "a&b"))
        #expect(listing.ids == ["1", "3"] && listing.isCut)
        let other = try #require(UploadListing(StoreAnswer(status: 200, content: content), key: "a&bc"))
        #expect(other.ids == ["2"] && !other.isCut)
        #expect(UploadListing(StoreAnswer(status: 200, content: "<html></html>"), key: "a") == nil)
    }
}
