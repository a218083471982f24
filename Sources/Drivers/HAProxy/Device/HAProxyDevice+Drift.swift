// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

extension HAProxyDevice {
    /// Looks whether somebody else has changed something, and logs it once; the next UPDATE puts it right.
    func lookForDrift() async {
        do throws(DriverError) {
            try await turns.withTurn { () throws(DriverError) in
                guard isRecovered, let served = store.state.served else { return }
                try forgetRemoved()
                let drift = try drift(from: served)
                defer { lastDrift = drift }
                guard drift != lastDrift else { return }
                if let drift {
                    logger.warning(
                        "somebody has changed the device; the next UPDATE puts it right",
                        metadata: [LogKeys.drift: "\(drift)"]
                    )
                } else {
                    logger.info("the device is as it should be again")
                }
            }
        } catch {
            logger.debug("the device cannot be looked at", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// What is different, in lines; nil where nothing is.
    private func drift(from served: DeviceState.Served) throws(DriverError) -> String? {
        let rendered = renderer.render(served.set, isSuspended: store.state.isSuspended)
        var findings: [String] = []
        let bytes = contents(of: files.config)
        if bytes.map({ Fingerprint($0) == served.checksum }) != true {
            let now = String(decoding: bytes ?? [], as: UTF8.self)
            findings.append("haproxy.cfg:\n" + LineDifference.describe(from: rendered.text, to: now, limit: 50))
        }
        // What an earlier agent has written in another way is no drift.
        if rendered.fingerprint == served.fingerprint {
            let plan = try plan(to: rendered, from: store.state)
            if plan != .nothing { findings.append("the running HAProxy; what will be done: \(plan)") }
        }
        return findings.isEmpty ? nil : findings.joined(separator: "\n")
    }
}
