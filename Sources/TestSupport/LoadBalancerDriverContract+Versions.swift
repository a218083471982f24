// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerDriverContract {
    /// The rules for the configuration version.
    static let versionChecks: [Check] = [
        Check("the version is the one of the last apply, whether higher, lower or absent") { driver, device in
            try await expectVersion(driver, nil)
            for number in [7, 9, 3, nil, Int.max] {
                try await driver.apply(device.both(version: number))
                try await expectVersion(driver, number)
            }
        },
        Check("an apply that differs only in its version stores the new version") { driver, device in
            for number in [1, 2, 2] {
                try await driver.apply(device.both(version: number))
                try await expectVersion(driver, number)
            }
            try await expectServing(driver, ["a", "b", "1"])
        },
        Check("the version survives suspend and enable, and an apply while suspended replaces it") { driver, device in
            try await driver.apply(device.both(version: 4))
            for number in [4, 5] {
                try await driver.suspend()
                try await expectVersion(driver, 4)
                try await driver.apply(device.both(version: number))
                try await expectVersion(driver, number)
                try await driver.enable()
                try await expectVersion(driver, number)
            }
        },
        Check("delete removes the version") { driver, device in
            try await driver.apply(device.both(version: 8))
            try await driver.delete()
            try await expectVersion(driver, nil)
            try await driver.apply(device.both(version: 1))
            try await expectVersion(driver, 1)
        },
        Check(needs: [.preview], "a preview does not store the version") { driver, device in
            _ = try await driver.preview(.apply(device.both(version: 6)))
            try await expectVersion(driver, nil)
            try await driver.apply(device.both(version: 5))
            _ = try await driver.preview(.apply(device.both(version: 6)))
            _ = try await driver.preview(.delete)
            try await expectVersion(driver, 5)
        },
        Check("a failed apply does not change the version") { driver, device in
            try await driver.apply(device.both(version: 1))
            // A driver that binds the port fails: a node listens on it.
            let wanted = try device.onTakenPort(version: 2)
            var expected = 1
            do throws(DriverError) {
                try await driver.apply(wanted)
                expected = 2
            } catch {}
            try await expectVersion(driver, expected)
        },
    ]

    private static func expectVersion(_ driver: any LoadBalancerDriver, _ number: Int?) async throws {
        let found = try await driver.configurationVersion()?.number
        try require(
            found == number,
            "configurationVersion() must be \(number.map(String.init) ?? "nil"), not \(found.map(String.init) ?? "nil")"
        )
    }
}
