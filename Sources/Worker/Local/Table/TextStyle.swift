// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Colours for a terminal, or none.
struct TextStyle {
    enum Kind {
        case plain, title, good, warning, bad

        fileprivate var code: String? {
            switch self {
            case .plain: nil
            case .title: "1"
            case .good: "32"
            case .warning: "33"
            case .bad: "31"
            }
        }
    }

    let isColoured: Bool

    /// Colours only on a terminal that has them, and not if NO_COLOR is set.
    static func of(_ descriptor: Int32) -> TextStyle {
        let environment = ProcessInfo.processInfo.environment
        let isWanted = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        return TextStyle(isColoured: isWanted && isatty(descriptor) == 1)
    }

    func apply(_ kind: Kind, _ text: String) -> String {
        guard isColoured, let code = kind.code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
