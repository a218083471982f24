// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore

/// What the reply to an ARCHIVE has added, for people.
struct ArchiveReply {
    struct Object: Decodable {
        let object: String
        let lines: UInt64
        let bytes: UInt64

        var name: String { object }
    }

    private struct Fields: Decodable {
        let error: String?
        let archives: [Object]?

        enum CodingKeys: String, CodingKey {
            case error = "hpcs_error"
            case archives = "hpcs_archives"
        }
    }

    let objects: [Object]
    let error: String?

    /// - Returns: nil for what is no reply.
    init?(_ reply: [UInt8]) {
        guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(reply)) else { return nil }
        objects = fields.archives ?? []
        error = fields.error
    }
}
