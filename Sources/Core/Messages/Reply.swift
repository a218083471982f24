// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reply to a message: the request's bytes with added fields, which preserves numbers of any length, the order of
/// members, and unknown fields.
package struct Reply: Sendable {
    /// The reply as JSON.
    package let bytes: [UInt8]
    /// Whether the reply contains PASS.
    package let passed: Bool

    /// Creates a reply.
    ///
    /// - Parameters:
    ///   - document: The request; nil if the payload was not a JSON object, for a reply with only the added fields.
    ///   - passed: Whether `hpcs_response` is PASS.
    ///   - fields: Other fields to add. They replace the request's members of the same name, so that a reply that is
    ///     sent again as a request has only one `hpcs_response`.
    package init(to document: JSONDocument?, passed: Bool, fields: [JSONFragment.Member] = []) {
        let response = JSONFragment.Member("hpcs_response", .string(passed ? "PASS" : "FAIL"))
        self.passed = passed
        let added = fields + [response]
        bytes = document?.bytes(adding: added) ?? JSONFragment.object(added).json
    }

    /// Creates a FAIL reply with its reason.
    package init(to document: JSONDocument?, error: String, fields: [JSONFragment.Member] = []) {
        self.init(to: document, passed: false, fields: fields + [.init("hpcs_error", .string(error))])
    }
}
