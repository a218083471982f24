// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reply to a message: the request's bytes with added fields.
///
/// This preserves numbers of any length, the order of members, and unknown fields. Only private keys and passphrases are
/// masked.
package struct Reply: Sendable {
    private static let resultFields = ["hpcs_error", "hpcs_error_code", "hpcs_error_field", "hpcs_dry_run"]

    /// The reply as JSON.
    package let bytes: [UInt8]
    /// Whether the reply contains PASS.
    package let passed: Bool

    /// Creates a reply.
    ///
    /// - Parameters:
    ///   - document: The request; nil if the payload was not a JSON object, for a reply with only the added fields.
    ///   - passed: Whether `hpcs_response` is PASS.
    ///   - fields: Other fields to add. They replace the request's members of the same name. The result fields of a
    ///     request that was a reply once are removed, so that no PASS contains an old error.
    package init(to document: JSONDocument?, passed: Bool, fields: [JSONFragment.Member] = []) {
        let response = JSONFragment.Member("hpcs_response", .string(passed ? "PASS" : "FAIL"))
        self.passed = passed
        let added = fields + [response]
        bytes = document?.masked.bytes(adding: added, without: Self.resultFields) ?? JSONFragment.object(added).json
    }

    /// Creates a FAIL reply with its reason.
    package init(to document: JSONDocument?, error: String, fields: [JSONFragment.Member] = []) {
        self.init(to: document, passed: false, fields: fields + [.init("hpcs_error", .string(error))])
    }
}
