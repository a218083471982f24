// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A reply as a control plane reads it.
struct Answer {
    let outcome: Outcome
    let json: PlainJSON

    init(_ outcome: Outcome) throws {
        self.outcome = outcome
        json = try PlainJSON(outcome.reply.bytes)
    }

    var text: String { String(decoding: outcome.reply.bytes, as: UTF8.self) }
    var response: String? { json["hpcs_response"]?.string }
    var error: String? { json["hpcs_error"]?.string }
    var passed: Bool { response == "PASS" }
}
