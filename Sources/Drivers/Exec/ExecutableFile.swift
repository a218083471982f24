// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Looks for programs.
enum ExecutableFile {
    /// Whether a path is that of a file that this user may execute.
    static func exists(_ path: String) -> Bool {
        var entry = stat()
        guard unsafe stat(path, &entry) == 0, entry.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }
}
