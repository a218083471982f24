// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Formats users for error messages.
enum UserName {
    /// Returns the user's name, or the numeric ID if the user has no name.
    static func of(_ user: uid_t) -> String {
        unsafe getpwuid(user).map { unsafe String(cString: $0.pointee.pw_name) } ?? String(user)
    }
}
