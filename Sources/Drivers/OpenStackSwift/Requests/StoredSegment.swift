// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A segment that the store has accepted, with its confirmed checksum.
struct StoredSegment: Hashable, Sendable {
    let name: SegmentName
    let object: StoredObject
}
