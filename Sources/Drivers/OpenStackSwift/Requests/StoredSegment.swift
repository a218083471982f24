// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A segment that the store has taken, with the checksum that it has confirmed.
struct StoredSegment: Hashable, Sendable {
    let name: SegmentName
    let object: StoredObject
}
