// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Names users in errors.
enum UserName {
    /// The user's name; the number if the user has no name.
    static func of(_ user: uid_t) -> String {
        unsafe getpwuid(user).map { unsafe String(cString: $0.pointee.pw_name) } ?? String(user)
    }
}
