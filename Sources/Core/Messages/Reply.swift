// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reply to a message: the request's own bytes with fields added, so that numbers of any length, the order of the
/// members and fields that nobody knows survive to the letter.
package struct Reply: Sendable {
    /// The reply as JSON.
    package let bytes: [UInt8]
    /// Whether the reply says PASS.
    package let passed: Bool

    /// Makes a reply.
    ///
    /// - Parameters:
    ///   - document: The request; nil where the payload was no JSON object, and the reply has only what is added.
    ///   - passed: What `hpcs_response` says.
    ///   - fields: What else is added. A member of the request that has one of these names gives way: a request that
    ///     was a reply once, sent again, has one `hpcs_response` and not two.
    package init(to document: JSONDocument?, passed: Bool, fields: [JSONFragment.Member] = []) {
        let response = JSONFragment.Member("hpcs_response", .string(passed ? "PASS" : "FAIL"))
        self.passed = passed
        let added = fields + [response]
        bytes = document?.bytes(adding: added) ?? JSONFragment.object(added).json
    }

    /// Makes a reply that says FAIL and why.
    package init(to document: JSONDocument?, error: String, fields: [JSONFragment.Member] = []) {
        self.init(to: document, passed: false, fields: fields + [.init("hpcs_error", .string(error))])
    }
}
