// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerDriverContract {
    /// The rules for logs.
    static let logChecks: [Check] = [
        Check(needs: [.log], "a log can be opened and read to its end, more than once") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            let texts = try (0..<2).map { _ in try log.lines(of: [LogPart(.http)]) }
            try require(texts[0] == texts[1], "two readings of one log must be the same")
        },
        Check(needs: [.log], "a log needs no configuration, and cannot be opened after a delete") { driver, device in
            _ = try await driver.openLog().lines(of: [LogPart(.http)])
            try await driver.apply(device.both())
            try await driver.delete()
            try await expect(.deleted) { () throws(DriverError) in _ = try await driver.openLog() }
            try await driver.apply(device.both())
            _ = try await driver.openLog().lines(of: [LogPart(.http)])
        },
        Check(needs: [.log], "the parts of a log have the same lines together as separately") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            let parts = [LogPart(.tcp), LogPart(.http), LogPart(.tcp)]
            let alone = try parts.map { try log.lines(of: [$0])[0] }
            try require(
                try log.lines(of: parts) == alone,
                "a part must have the same lines when read with others"
            )
        },
        Check(needs: [.log], "the end mark of a log separates existing lines from later ones") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            guard let end = log.end else { return }
            for metered in MeteredProtocol.allCases {
                let before = try log.lines(of: [LogPart(metered, upTo: end)])[0].bytes
                let behind = try log.lines(of: [LogPart(metered, after: end)])[0].bytes
                try require(
                    try log.lines(of: [LogPart(metered)])[0].bytes == before + behind,
                    "the lines before the end and after it must be all lines"
                )
                let between = try log.lines(of: [LogPart(metered, after: end, upTo: end)])[0].bytes
                try require(between.isEmpty, "there must be no lines between the end mark and itself")
                try require(
                    behind.count { $0 == UInt8(ascii: "\n") } <= 1,
                    "at most one unfinished line may follow the end mark"
                )
            }
        },
        Check(needs: [.log], "an opened log stays readable after a delete") { driver, device in
            try await driver.apply(device.both())
            let log = try await driver.openLog()
            try await driver.delete()
            _ = try log.lines(of: [LogPart(.tcp)])
        },
    ]
}
