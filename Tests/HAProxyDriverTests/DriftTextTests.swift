// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HAProxyDriver

/// What another program has written into haproxy.cfg may be a secret.
@Suite struct DriftTextTests {
    @Test(
        arguments: [
            "    stats auth admin:SEKRET", "    user a insecure-password SEKRET",
            "    http-request set-header X-Api-Key SEKRET",
            "    setenv API_KEY SEKRET", "    acl a hdr(x-token) -m str SEKRET", "    cookie SEKRET insert",
        ]
    )
    func valuesAreMasked(_ line: String) {
        let masked = DriftText.masked("haproxy.cfg:\n+\(line)\n-    maxconn 5")
        #expect(!masked.contains("SEKRET") && masked.contains("(masked)") && masked.contains("-    maxconn 5"))
    }

    @Test func otherLinesAreShown() {
        let text = "+    maxconn 7\n     bind :80\n-    user a"
        #expect(DriftText.masked(text) == text)
    }
}
