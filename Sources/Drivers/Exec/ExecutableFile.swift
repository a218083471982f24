// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Checks of executable files.
enum ExecutableFile {
    /// Returns whether this user may execute the file at a path.
    static func exists(_ path: String) -> Bool {
        var entry = stat()
        guard unsafe stat(path, &entry) == 0, entry.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }
}
