// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How far a load balancer's log is in the store, and which uploads have no known result.
///
/// An object is announced here before it is sent, and the announcement is removed once the result is known. If a crash
/// or a lost answer leaves an announcement, the next ARCHIVE to the same place goes on with the same upload: the store
/// knows its object by the upload's id, so that the lines are in the store once.
struct ArchiveRecord: Hashable, Sendable {
    /// An object that may be in the store.
    struct Announcement: Hashable, Sendable {
        let upload: UploadID
        let endpoint: String
        let path: ObjectPath
        /// The object has the lines from the record's mark to this one; nil if its lines are archived in another way.
        var upTo: LogMark?
        /// Whether the store knows the object by the upload's id; false for what an agent announced that sent no ids.
        var isIdentifiable = true
    }

    /// More are kept by no record: the oldest are dropped.
    private static let greatestCount = 32

    /// After the last line that is in the store; nil for none.
    var mark: LogMark?
    /// The time in the name of the last object.
    private(set) var time = UTCTimestamp(microseconds: 0)
    /// The oldest first.
    private(set) var announcements: [Announcement] = []

    init() {}

    /// Announces the next object.
    ///
    /// - Parameters:
    ///   - upTo: The last line of the object, where it begins at the record's mark.
    ///   - makePath: Makes the object's place of the time in its name. Names have seconds, and no two objects of a load
    ///     balancer have the same.
    mutating func announce(
        to endpoint: StorageEndpoint,
        upTo: LogMark?,
        now: UTCTimestamp,
        makePath: (UTCTimestamp) -> ObjectPath
    ) -> Announcement {
        time = max(now, UTCTimestamp(microseconds: time.microseconds + 1_000_000))
        // Only the last announcement of a range counts: the lines are sent again to the new place.
        for index in announcements.indices where upTo != nil { announcements[index].upTo = nil }
        let announcement = Announcement(
            upload: UploadID(),
            endpoint: endpoint.description,
            path: makePath(time),
            upTo: upTo
        )
        announcements = announcements.suffix(Self.greatestCount - 1) + [announcement]
        return announcement
    }

    mutating func remove(_ upload: UploadID) { announcements.removeAll { $0.upload == upload } }
}

extension ArchiveRecord {
    /// The members of the file; numbers are text, which no program rounds.
    private struct File: Codable {
        struct Announced: Codable {
            let upload: String
            let endpoint: String
            let container: String
            let name: String
            var upTo: String?
        }

        let format: String
        let time: String
        var mark: String?
        var announced: [Announced]?
        // The first format has at most one announcement, in these members, and no id.
        var intentEndpoint: String?
        var intentContainer: String?
        var intentName: String?
        var intentUpTo: String?
    }

    private static let format = "2"

    /// The record as a file.
    var bytes: [UInt8] {
        let unidentifiable = announcements.first { !$0.isIdentifiable && $0.upTo != nil }
        return StateFile.encode(
            File(
                format: Self.format,
                time: String(time.microseconds),
                mark: mark?.text,
                announced: announcements.filter(\.isIdentifiable).map { announcement in
                    File.Announced(
                        upload: announcement.upload.description,
                        endpoint: announcement.endpoint,
                        container: announcement.path.container,
                        name: announcement.path.name,
                        upTo: announcement.upTo?.text
                    )
                },
                intentEndpoint: unidentifiable?.endpoint,
                intentContainer: unidentifiable?.path.container,
                intentName: unidentifiable?.path.name,
                intentUpTo: unidentifiable?.upTo?.text
            )
        )
    }

    /// Reads a record from a file, whatever its white space and the order of its members.
    ///
    /// - Returns: nil if a member is missing, has another type or is out of range, or if the format is not known.
    init?(_ bytes: [UInt8]) {
        guard let file = StateFile.decode(File.self, from: bytes), ["1", Self.format].contains(file.format),
            let microseconds = Int64(file.time), UTCTimestamp.storable.contains(microseconds)
        else { return nil }
        time = UTCTimestamp(microseconds: microseconds)
        mark = file.mark.map { LogMark($0) }
        if let endpoint = file.intentEndpoint {
            guard let container = file.intentContainer, let name = file.intentName, let upTo = file.intentUpTo else {
                return nil
            }
            guard let upload = UploadID(String(repeating: "0", count: 32)) else { return nil }
            announcements.append(
                Announcement(
                    upload: upload,
                    endpoint: endpoint,
                    path: ObjectPath(container: container, name: name),
                    upTo: LogMark(upTo),
                    isIdentifiable: false
                )
            )
        }
        for announced in file.announced ?? [] {
            guard let upload = UploadID(announced.upload) else { return nil }
            announcements.append(
                Announcement(
                    upload: upload,
                    endpoint: announced.endpoint,
                    path: ObjectPath(container: announced.container, name: announced.name),
                    upTo: announced.upTo.map { LogMark($0) }
                )
            )
        }
    }
}
