// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SystemPackage

/// A string from the operator that is safe in haproxy.cfg; only ``CheckedOption`` creates it.
struct CheckedWord: Hashable, Sendable {
    let text: String

    fileprivate init(_ text: String) { self.text = text }
}

/// The rules for strings from the operator.
///
/// HAProxy's parser interprets white space, quotes, `\`, `#` and `$`, expands `$` again in socket addresses, and splits
/// the argument of `-S` at commas. A string with any of these is rejected.
enum CheckedOption {
    /// The limit of `sun_path`, minus the dot, process ID and `.tmp` that HAProxy appends while it binds a socket.
    private static let socketLimit = 107 - ".4194304.tmp".utf8.count

    static func path(_ text: String) throws(InvalidValue) -> CheckedWord {
        guard !text.isEmpty, text.utf8.allSatisfy(isPlain) else {
            throw InvalidValue("must be a path without white space, quotes, control characters and any of \\ # $ ,")
        }
        let absolute = absolute(text)
        guard absolute.utf8.allSatisfy(isPlain) else {
            throw InvalidValue(
                "must be an absolute path: the working directory contains white space or special characters"
            )
        }
        return CheckedWord(absolute)
    }

    /// The absolute form of a path.
    static func absolute(_ text: String) -> String {
        let path = FilePath(text)
        return (path.isAbsolute ? path : workingDirectory.pushing(path)).lexicallyNormalized().string
    }

    static func word(_ text: String) throws(InvalidValue) -> CheckedWord {
        guard !text.isEmpty, text.utf8.allSatisfy({ isPlain($0) && $0 < 0x80 }) else {
            throw InvalidValue("must be an address without white space, quotes, control characters and any of \\ # $ ,")
        }
        return CheckedWord(text)
    }

    static func account(_ text: String) throws(InvalidValue) -> CheckedWord {
        let isName = text.utf8.allSatisfy { byte in
            0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || "-_.".utf8.contains(byte)
        }
        guard (1...32).contains(text.utf8.count), isName, !text.hasPrefix("-") else {
            throw InvalidValue("must be 1 to 32 letters, digits, '-', '_' and '.'")
        }
        return CheckedWord(text)
    }

    static func networks(_ texts: [String]) throws(InvalidValue) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        for text in texts {
            guard let network = IPNetwork(text) else {
                throw InvalidValue(
                    "must contain networks such as 192.0.2.0/24 or 2001:db8::/32, not \"\(text.prefix(60))\""
                )
            }
            networks.append(network)
        }
        return networks
    }

    static func requireSocketLength(_ path: FilePath, _ key: String) throws(SettingError) {
        let excess = path.string.utf8.count - socketLimit
        guard excess > 0 else { return }
        throw SettingError(
            key,
            "must be \(excess) bytes shorter: the path of HAProxy's socket \(path) is limited to \(socketLimit) bytes"
        )
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && !"\"'\\#$,".utf8.contains(byte)
    }

    private static var workingDirectory: FilePath {
        guard let name = unsafe getcwd(nil, 0) else { return "/" }
        defer { unsafe free(name) }
        return FilePath(unsafe String(cString: name))
    }
}
