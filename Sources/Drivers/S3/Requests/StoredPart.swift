// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores

/// A part that the store has accepted, with its confirmed checksum.
struct StoredPart: Hashable, Sendable {
    /// Its number, from 1.
    let number: Int
    /// The tag that identifies it in the list of parts.
    let etag: String
    /// The MD5 of the sent bytes, in lower-case hexadecimal digits.
    let md5: String
}
