// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says why a file cannot be read as gzip.
public enum GzipError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not gzip, or not from its beginning to its end.
    case damaged
    /// It ends within what is compressed.
    case truncated
    /// There is no memory for it.
    case noMemory

    /// What is wrong.
    public var description: String {
        switch self {
        case .damaged: "it is no gzip, or damaged"
        case .truncated: "its gzip data ends early"
        case .noMemory: "there is no memory to decompress it"
        }
    }
}
