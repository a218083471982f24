// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The name of one segment after its object's name and a slash: `<upload id>-<attempt>/<number>`.
struct SegmentName: Hashable, Sendable, CustomStringConvertible {
    private static let numberLength = 8

    let upload: UploadID
    let attempt: UploadAttempt
    /// Its position in the object, from 0.
    let number: Int

    init(upload: UploadID, attempt: UploadAttempt, number: Int) {
        self.upload = upload
        self.attempt = attempt
        self.number = number
    }

    /// Parses the name of a segment of an upload.
    ///
    /// - Returns: nil for any other name.
    init?(_ text: some StringProtocol, of upload: UploadID) {
        let prefix = "\(upload)-"
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.starts(with: prefix.utf8),
            let attempt = UploadAttempt(parts[0].dropFirst(prefix.count)),
            parts[1].utf8.count == Self.numberLength, parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            let number = Int(parts[1])
        else { return nil }
        self.init(upload: upload, attempt: attempt, number: number)
    }

    /// The name, in a format that lists segments in the order of the object.
    var description: String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, Self.numberLength - digits.utf8.count))
        return "\(upload)-\(attempt)/\(zeros)\(digits)"
    }
}
