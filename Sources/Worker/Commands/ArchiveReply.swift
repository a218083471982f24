// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore

/// The fields that the reply to an ARCHIVE adds to the message.
struct ArchiveReply {
    struct Object: Decodable {
        let object: String
        /// nil if an earlier ARCHIVE stored the object, and its lines are no longer in the log.
        let lines: UInt64?
        let bytes: UInt64
    }

    struct LeftOut: Decodable {
        let file: String
        let reason: String
    }

    private struct Fields: Decodable {
        let error: String?
        let archives: [Object]?
        let leftOut: [LeftOut]?
        let examinedLines: UInt64?

        enum CodingKeys: String, CodingKey {
            case error = "hpcs_error"
            case archives = "hpcs_archives"
            case leftOut = "left_out"
            case examinedLines = "lines_examined"
        }
    }

    let objects: [Object]
    let leftOut: [LeftOut]
    /// The number of lines read, if none of them belongs to a load balancer of the message.
    let examinedLines: UInt64?
    let error: String?

    /// - Returns: nil if the bytes are not a reply.
    init?(_ reply: [UInt8]) {
        guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(reply)) else { return nil }
        objects = fields.archives ?? []
        leftOut = fields.leftOut ?? []
        examinedLines = fields.examinedLines
        error = fields.error
    }
}
