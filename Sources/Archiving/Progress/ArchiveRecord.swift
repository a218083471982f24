// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The archived part of a load balancer's log, and the uploads whose result is unknown.
///
/// An object is announced here before its upload, and the announcement is removed once the result is known. If a crash
/// or a lost response leaves an announcement, the next ARCHIVE to the same container resumes the upload: the store
/// identifies the object by the upload's id, so each line is stored once.
struct ArchiveRecord: Hashable, Sendable {
    /// An object that may be in the store.
    struct Announcement: Hashable, Sendable {
        let upload: UploadID
        let endpoint: String
        let path: ObjectPath
        /// The object has the lines from the record's mark to this one; nil if another object archives its lines.
        var upTo: LogMark?
        /// Whether the store identifies the object by the upload's id; false if an older agent announced it.
        var isIdentifiable = true
    }

    /// The most announcements of a record; the oldest are dropped.
    private static let greatestCount = 32

    /// The mark after the last stored line; nil for none.
    var mark: LogMark?
    /// The time in the name of the last object.
    private(set) var time = UTCTimestamp(microseconds: 0)
    /// Oldest first.
    private(set) var announcements: [Announcement] = []

    init() {}

    /// Announces the next object.
    ///
    /// - Parameters:
    ///   - upTo: The mark after the object's last line, if its first line follows the record's mark.
    ///   - makePath: Creates the object's path from the time in its name, which has a resolution of one second and is
    ///     unique for each object of a load balancer.
    mutating func announce(
        to endpoint: StorageEndpoint,
        upTo: LogMark?,
        now: UTCTimestamp,
        makePath: (UTCTimestamp) -> ObjectPath
    ) -> Announcement {
        time = max(now, UTCTimestamp(microseconds: time.microseconds + 1_000_000))
        // Only the last announcement of a range counts: the lines are sent again to the new container.
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
    /// The members of the file; numbers are strings, so that no JSON parser rounds them.
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
        // The first file format has at most one announcement, in these members, and no id.
        var intentEndpoint: String?
        var intentContainer: String?
        var intentName: String?
        var intentUpTo: String?
    }

    private static let format = "2"

    /// The record in the format of its file.
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

    /// Reads a record in the format of its file, with any white space and any order of members.
    ///
    /// - Returns: nil if a member is missing, has another type or is out of range, or if the format is unknown.
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
