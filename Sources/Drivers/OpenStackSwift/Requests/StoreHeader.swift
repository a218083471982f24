// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The metadata headers by which an upload recognizes its object.
enum StoreHeader {
    /// The upload's identifier.
    static let upload = "X-Object-Meta-Steelyard-Upload"
    /// The attempt of that upload, which is part of the names of its segments.
    static let attempt = "X-Object-Meta-Steelyard-Attempt"
}
