// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyDevice {
    /// Describes what a change would do, having checked that it could be made.
    func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        try await turns.withTurn { () throws(DriverError) in
            let state = store.state
            switch change {
            case .apply(let wanted):
                let rendered = renderer.render(wanted, isSuspended: state.isSuspended)
                let plan = try plan(to: rendered, from: state)
                if plan == .nothing, isInPlace(rendered, state) { return "" }
                switch plan {
                case .reload, .start: try requirePorts(rendered, beside: state)
                case .nothing, .runtime: break
                }
                try await checkCandidate(rendered)
                return "\(plan)\n\(difference(to: rendered))"
            case .suspend:
                return difference(to: renderer.render(try state.requireServed().set, isSuspended: true))
            case .enable:
                let rendered = renderer.render(try state.requireServed().set, isSuspended: false)
                if state.isSuspended { try requirePorts(rendered, beside: state) }
                return difference(to: rendered)
            case .delete:
                guard let bytes = contents(of: files.config) else { return "" }
                return LineDifference.describe(from: String(decoding: bytes, as: UTF8.self), to: "")
            }
        }
    }

    private func difference(to rendered: RenderedConfiguration) -> String {
        let old = contents(of: files.config).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return LineDifference.describe(from: old, to: rendered.text)
    }
}
