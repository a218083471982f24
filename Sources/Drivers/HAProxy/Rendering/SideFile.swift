// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A file in the state folder that haproxy.cfg names: a list of networks or an error page.
struct SideFile: Hashable, Sendable {
    /// The file's path, as in haproxy.cfg.
    let path: HAProxyWord
    let bytes: [UInt8]

    var file: FilePath { FilePath(path.text) }

    /// Whether a name in the state folder is that of such a file, or of one for a check.
    static func isOwn(_ name: String) -> Bool {
        let name =
            name.hasSuffix(DeviceFiles.candidateSuffix)
            ? name.dropLast(DeviceFiles.candidateSuffix.count) : Substring(name)
        for use in NetworkList.Use.allCases where name.hasSuffix(use.fileEnd) {
            return ProxyName(frontend: name.dropLast(use.fileEnd.count)) != nil
        }
        return ErrorPageFile.isOwn(name)
    }
}
