// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The place of one object: a container and the object's name in it.
public struct ObjectPath: Hashable, Sendable, CustomStringConvertible {
    /// The container's name, as it is; nothing is percent-encoded.
    public let container: String
    /// The object's name, as it is.
    public let name: String

    /// Creates the place of a load balancer's archive, `<basepath>/<lb id>/<log>-<YYYYMMDD-HHMMSS>.log.gz`.
    ///
    /// - Parameter log: What the file's name begins with, such as the driver's name.
    package init(basePath: ObjectBasePath, loadBalancer: Identifier, log: String, time: UTCTimestamp) {
        container = basePath.container
        let file = "\(loadBalancer)/\(log)-\(time.compact).log.gz"
        name = basePath.prefix.isEmpty ? file : "\(basePath.prefix)/\(file)"
    }

    /// Creates a place that was written down.
    package init(container: String, name: String) {
        self.container = container
        self.name = name
    }

    /// The container and the name.
    public var description: String { "\(container)/\(name)" }
}
