// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerDriverContract {
    /// The rules for dry runs.
    static let previewChecks: [Check] = [
        Check(needs: [.preview], "a preview changes nothing") { driver, device in
            _ = try await driver.preview(.apply(device.both()))
            try await require(driver.status() == .notConfigured, "status() must still be notConfigured after a preview")
            try await expect(.notConfigured) { () throws(DriverError) in _ = try await driver.preview(.enable) }
            try await driver.apply(device.both())
            for change in [DeviceChange.apply(try LoadBalancerSet([device.tcp()])), .suspend, .delete] {
                let difference = try await driver.preview(change)
                try require(!difference.isEmpty, "a preview of \(change) must describe a difference")
            }
            try await require(
                driver.preview(.apply(device.both())).isEmpty,
                "a preview of the current configuration must be empty"
            )
            try await expectServing(driver, ["a", "b", "1"])
        }
    ]
}
