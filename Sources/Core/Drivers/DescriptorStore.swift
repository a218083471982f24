// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Keeps open descriptors for the agent's next process, like systemd's file-descriptor store.
package protocol DescriptorStore: Sendable {
    /// Whether the store keeps descriptors.
    var keepsDescriptors: Bool { get }

    /// Stores a duplicate of a descriptor under a name.
    func keep(_ descriptor: Int32, as name: String)

    /// Closes the descriptors with that name.
    func discard(_ name: String)

    /// Removes and returns the descriptors stored by the previous process; the caller closes them.
    func takeDescriptors(named prefix: String) -> [(name: String, descriptor: Int32)]
}

/// A store that keeps nothing.
package struct NoDescriptorStore: DescriptorStore {
    package var keepsDescriptors: Bool { false }

    package init() {}

    package func keep(_ descriptor: Int32, as name: String) {}

    package func discard(_ name: String) {}

    package func takeDescriptors(named prefix: String) -> [(name: String, descriptor: Int32)] { [] }
}
