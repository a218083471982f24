// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores

/// A part that the store has taken, with the checksum that it has confirmed.
struct StoredPart: Hashable, Sendable {
    /// Its place in the object, from 1.
    let number: Int
    /// The tag by which the list of parts names it.
    let etag: String
    /// The MD5 of what was sent, in lower-case hexadecimal digits.
    let md5: String
}
