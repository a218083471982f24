// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyDevice {
    /// Checks that HAProxy can show its statistics where the operator wants them, if anywhere.
    func requireStatisticsAddress(beside wanted: LoadBalancerSet, isRunning: Bool) throws(DriverError) {
        guard let statistics = renderer.configuration.statistics else { return }
        let text = contents(of: files.config).map { String(decoding: $0, as: UTF8.self) }
        try PortProbe.requireFree(
            statistics,
            beside: wanted,
            isHeld: isRunning && text?.contains(renderer.statisticsText) == true,
            renderer.facts
        )
    }
}
