// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The descriptors that a service manager keeps, as the agent passes them to its driver.
struct KeptByManager: DescriptorStore {
    let manager: ServiceManager

    var keepsDescriptors: Bool { manager.keepsDescriptors }

    func keep(_ descriptor: Int32, as name: String) { manager.keep(descriptor, as: name) }

    func discard(_ name: String) { manager.discard(name) }

    func takeDescriptors(named prefix: String) -> [(name: String, descriptor: Int32)] {
        manager.takeDescriptors(named: prefix)
    }
}
