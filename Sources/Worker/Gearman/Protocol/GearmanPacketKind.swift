// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A packet type, by its number in Gearman's protocol.
///
/// Numbers and names are from http://gearman.org/protocol/.
struct GearmanPacketKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    let rawValue: UInt32

    static let canDo = GearmanPacketKind(rawValue: 1)
    static let preSleep = GearmanPacketKind(rawValue: 4)
    static let noop = GearmanPacketKind(rawValue: 6)
    static let submitJob = GearmanPacketKind(rawValue: 7)
    static let jobCreated = GearmanPacketKind(rawValue: 8)
    static let noJob = GearmanPacketKind(rawValue: 10)
    static let jobAssign = GearmanPacketKind(rawValue: 11)
    static let workStatus = GearmanPacketKind(rawValue: 12)
    static let workComplete = GearmanPacketKind(rawValue: 13)
    static let workFail = GearmanPacketKind(rawValue: 14)
    static let getStatus = GearmanPacketKind(rawValue: 15)
    static let echoRequest = GearmanPacketKind(rawValue: 16)
    static let echoResponse = GearmanPacketKind(rawValue: 17)
    static let submitJobInBackground = GearmanPacketKind(rawValue: 18)
    static let error = GearmanPacketKind(rawValue: 19)
    static let statusResponse = GearmanPacketKind(rawValue: 20)
    static let setClientID = GearmanPacketKind(rawValue: 22)
    static let workException = GearmanPacketKind(rawValue: 25)
    static let optionResponse = GearmanPacketKind(rawValue: 27)
    static let workData = GearmanPacketKind(rawValue: 28)
    static let workWarning = GearmanPacketKind(rawValue: 29)
    static let grabJobUnique = GearmanPacketKind(rawValue: 30)
    static let jobAssignUnique = GearmanPacketKind(rawValue: 31)
    static let getStatusUnique = GearmanPacketKind(rawValue: 41)
    static let statusResponseUnique = GearmanPacketKind(rawValue: 42)

    /// `packet type 31`.
    var description: String { "packet type \(rawValue)" }
}
