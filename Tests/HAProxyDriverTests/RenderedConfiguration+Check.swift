// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import HAProxyDriver

extension RenderedConfiguration {
    /// Writes haproxy.cfg and its lists of networks to a folder, for `haproxy -c`.
    ///
    /// - Returns: The file.
    func writeForCheck(in folder: URL) throws -> URL {
        var text = text
        for list in lists {
            let name = NetworkList.fileName(list.proxyKind, list.use)
            let file = folder.appending(path: name)
            try Data(list.bytes).write(to: file)
            text = text.replacing("-f \(list.path.text) }", with: "-f \(file.path) }")
        }
        let file = folder.appending(path: "haproxy.cfg")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file
    }
}
