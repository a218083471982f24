// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The path of one object: a container and the object's name in it.
public struct ObjectPath: Hashable, Sendable, CustomStringConvertible {
    /// The container's name, not percent-encoded.
    public let container: String
    /// The object's name, not percent-encoded.
    public let name: String

    /// Creates the path of a load balancer's archive, `<basepath>/<lb id>/<log>-<YYYYMMDD-HHMMSS>.log.gz`.
    ///
    /// - Parameter log: The prefix of the file name, such as the driver's name.
    package init(basePath: ObjectBasePath, loadBalancer: Identifier, log: String, time: UTCTimestamp) {
        container = basePath.container
        let file = "\(loadBalancer)/\(log)-\(time.compact).log.gz"
        name = basePath.prefix.isEmpty ? file : "\(basePath.prefix)/\(file)"
    }

    /// Creates a path from its stored parts.
    package init(container: String, name: String) {
        self.container = container
        self.name = name
    }

    /// The container and the name.
    public var description: String { "\(container)/\(name)" }
}
