// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Keeps open descriptors for the agent's next process, as systemd's file-descriptor store does.
package protocol DescriptorStore: Sendable {
    /// Whether descriptors are kept at all.
    var keepsDescriptors: Bool { get }

    /// Keeps a duplicate of a descriptor under a name.
    func keep(_ descriptor: Int32, as name: String)

    /// Closes the descriptors of that name.
    func discard(_ name: String)

    /// Takes the descriptors that the last process has kept; the caller closes them.
    func takeDescriptors(named prefix: String) -> [(name: String, descriptor: Int32)]
}

/// Keeps nothing.
package struct NoDescriptorStore: DescriptorStore {
    package var keepsDescriptors: Bool { false }

    package init() {}

    package func keep(_ descriptor: Int32, as name: String) {}

    package func discard(_ name: String) {}

    package func takeDescriptors(named prefix: String) -> [(name: String, descriptor: Int32)] { [] }
}
