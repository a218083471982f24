// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage

@testable import HAProxyDriver

extension RenderedConfiguration {
    /// Writes haproxy.cfg and the files that it names to a folder, for `haproxy -c`.
    ///
    /// - Returns: The file.
    func writeForCheck(in folder: URL) throws -> URL {
        var text = text
        for side in sideFiles {
            let file = folder.appending(path: side.file.lastComponent?.string ?? "")
            try Data(side.bytes).write(to: file)
            text = text.replacing(side.path.text, with: file.path)
        }
        let file = folder.appending(path: "haproxy.cfg")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file
    }
}
