// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension Supervisor {
    /// How often the device is looked at; a look takes HAProxy some 3 µs for each node.
    private static let driftInterval = Duration.seconds(10)

    /// Looks for what somebody else has changed.
    func watchForDrift() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.driftInterval)
            if !Task.isCancelled { await device.lookForDrift() }
        }
    }
}
