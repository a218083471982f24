// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The file of an error page: `http-in.503.0123456789abcdef.html`.
///
/// Its name depends on its content, so that another page is a change of haproxy.cfg.
struct ErrorPageFile: Hashable, Sendable {
    private static let fileEnd = ".html"

    let page: ErrorPage
    /// The file's path.
    let path: HAProxyWord

    init(_ page: ErrorPage, of key: LoadBalancerKey, in folder: CheckedWord) {
        self.page = page
        path = HAProxyWord(
            checkedFile: "\(folder)/\(frontend: key).\(page.status).\(Fingerprint(page.html.utf8)).html"
        )
    }

    /// The file.
    var sideFile: SideFile { SideFile(path: path, bytes: Array(page.html.utf8)) }

    /// Whether a name is that of an error page.
    static func isOwn(_ name: Substring) -> Bool {
        guard name.hasSuffix(fileEnd) else { return false }
        // An id may have dots.
        let parts = name.dropLast(fileEnd.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, Fingerprint(parts[parts.count - 1]) != nil,
            Int(parts[parts.count - 2]).map(ErrorPage.statuses.contains) ?? false
        else { return false }
        return ProxyName(frontend: parts.dropLast(2).joined(separator: ".")) != nil
    }
}
