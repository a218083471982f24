// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardWorker

/// What `steelyard bundle` masks.
@Suite struct SecretMaskTests {
    private static func masked(_ text: String, _ syntax: SecretMask.Syntax = .log) -> String {
        var mask = SecretMask()
        let bytes = Array(text.utf8)
        let places = mask.learn(bytes, syntax)
        return String(decoding: mask.masked(bytes, places), as: UTF8.self)
    }

    @Test(
        arguments: [
            (#"{"token": "s3cret!", "a": 1}"#, #"{"token": "(masked)", "a": 1}"#),
            (#"{"hpcs_object_store_secret_key":"s3cret!"}"#, #"{"hpcs_object_store_secret_key":"(masked)"}"#),
            (#"{"secrets": {"a": ["s3cret!"], "b": "}s3cret!"}, "c": 2}"#, #"{"secrets": (masked), "c": 2}"#),
            (#"{"settings": {"apiKey": "s3cret!"}}"#, #"{"settings": {"apiKey": "(masked)"}}"#),
            (#"["--password", "s3cret!", "--x", "y"]"#, #"["--password", "(masked)", "--x", "y"]"#),
            (#"{"error":"X-Auth-Token: s3cret! at \"b\""}"#, #"{"error":"X-Auth-Token: (masked) at \"b\""}"#),
            (#"{"body":"{\"token\":\"s3cret!\",\"b\":1}"}"#, #"{"body":"{\"token\":\"(masked)\",\"b\":1}"}"#),
            ("STEELYARD_TOKEN=s3cret!\nA=b", "STEELYARD_TOKEN=(masked)\nA=b"),
            ("--token=s3cret! --b", "--token=(masked) --b"),
            ("--token s3cret! --b", "--token (masked) --b"),
            ("Authorization: Basic czNjcmV0IQ==", "Authorization: (masked)"),
            ("authorization: Bearer s3cret! b", "authorization: (masked) b"),
            ("Bearer s3cret!", "Bearer (masked)"),
            ("https://user:s3cret!@host:80/x", "https://(masked)@host:80/x"),
            ("/v1/a?temp_url_sig=s3cret!&temp_url_expires=1", "/v1/a?temp_url_sig=(masked)&temp_url_expires=1"),
            ("?X-Amz-Signature=s3cret!&X-Amz-Date=1", "?X-Amz-Signature=(masked)&X-Amz-Date=1"),
            ("key AKIAIOSFODNN7EXAMPLE used", "key (masked) used"),
            ("x gAAAAABh0123456789012345678901234567890123 y", "x (masked) y"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
                "-----BEGIN RSA PRIVATE KEY-----(masked)-----END RSA PRIVATE KEY-----"
            ),
        ]
    )
    func logs(_ text: String, _ wanted: String) { #expect(Self.masked(text) == wanted) }

    @Test(
        arguments: [
            ("    stats auth admin:s3cret!\n", "    stats auth (masked)\n"),
            ("user a insecure-password s3cret! groups b", "user a insecure-password (masked) groups b"),
            ("user a password $5$abc.def", "user a password (masked)"),
            (
                #"http-request set-header Authorization "Basic abc def""#,
                "http-request set-header Authorization (masked)"
            ),
            ("set-header X-Auth-Token s3cret!", "set-header X-Auth-Token (masked)"),
            (#"Environment="DB_PASSWORD=s3cret!" "A=b""#, #"Environment="DB_PASSWORD=(masked)" "A=b""#),
        ]
    )
    func configurations(_ text: String, _ wanted: String) { #expect(Self.masked(text, .configuration) == wanted) }

    @Test(
        arguments: [
            #"{"key": null, "token": null, "config_version": 17, "tls": {"key": "/etc/passwd"}}"#,
            "the token expired; send a new token", "author: someone", "monkey=1", "passive=2", "keys: a b",
            "https://host:80/a@b", "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----", "token", "token:",
            "a://",
        ]
    )
    func leaves(_ text: String) { #expect(Self.masked(text) == text) }

    /// A secret that was found once is masked where nothing names it, too; an ordinary word is not.
    @Test func everywhere() {
        var mask = SecretMask()
        _ = mask.learn(Array("stats auth admin:Tr0ub4dor token default".utf8), .configuration)
        let text = String(decoding: mask.masked(Array("login Tr0ub4dor failed; default".utf8)), as: UTF8.self)
        #expect(text == "login (masked) failed; default")
    }

    /// Values without a name of their own, in HAProxy's configuration and as strings of JSON.
    @Test(
        arguments: [
            "http-request set-header X-Api-Key S3cr3tAbc if { ssl_fc }", "http-check send hdr X-Key S3cr3tAbc",
            "setenv API_KEY S3cr3tAbc", "acl token hdr(x-token) -m str S3cr3tAbc",
            "use_backend b if { hdr(X-Secret) S3cr3tAbc }", "user a insecure-password S3cr3tAbc",
            "stats auth admin:S3cr3tAbc", "dynamic-cookie-key S3cr3tAbc",
            #"http-response add-header X-Api-Key "a S3cr3tAbc""#, "user a insecure-password b,c#S3cr3tAbc",
            #"option httpchk GET / HTTP/1.1\r\nAuthorization:\ Basic\ S3cr3tAbc"#,
        ]
    )
    func haproxyLines(_ line: String) {
        #expect(!Self.masked("    \(line)\n", .configuration).contains("S3cr3tAbc"))
        guard !line.contains("httpchk") else { return }
        let escaped = line.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        let json = Self.masked(#"{"drift":["+ \#(escaped)","x"],"b":1}"#)
        #expect(!json.contains("S3cr3tAbc"))
        #expect(json.hasSuffix(#","b":1}"#))
    }

    /// A password that looks like a word is masked elsewhere too, but not within other words.
    @Test func passwordOfLetters() {
        var mask = SecretMask()
        _ = mask.learn(Array("user a insecure-password hunter\nstats auth admin:letmein\n".utf8), .configuration)
        let text = String(decoding: mask.masked(Array("hunter letmein hunters".utf8)), as: UTF8.self)
        #expect(text == "(masked) (masked) hunters")
    }

    /// An empty value does not hide the name in the next line.
    @Test(arguments: [SecretMask.Syntax.log, .configuration]) func emptyValue(_ syntax: SecretMask.Syntax) {
        #expect(Self.masked("token:\npassword: X", syntax) == "token:\npassword: (masked)")
        #expect(Self.masked("token:\n  password: X", syntax) == "token:\n  (masked) (masked)")
    }

    /// Any bytes give a text, and the value of a name is masked in any surroundings.
    @Test(arguments: Seeds.first(4)) func anyBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "token", ":", "=", " ", "\"", "\\", "{", "[", "}", "]", "://", "@", "-----BEGIN", "PRIVATE KEY", "\n", "x",
            "\u{0}", "é",
        ]
        for _ in 0..<500 {
            let text = (0..<20).map { _ in generator.pick(pieces) }.joined()
            for syntax in [SecretMask.Syntax.log, .configuration] {
                let masked = Self.masked(text + "\npassword: Tr0ub4dor\n", syntax)
                #expect(!masked.contains("Tr0ub4dor"), "\(text.debugDescription)")
            }
        }
    }
}
