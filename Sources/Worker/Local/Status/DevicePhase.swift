// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What a device does, as `steelyard status` names it.
enum DevicePhase: String, CaseIterable, Codable, Sendable {
    /// It serves.
    case serving
    /// It obeys a SUSPEND.
    case suspended
    /// It obeys a DELETE.
    case deleted
    /// It has not been given anything to serve.
    case notConfigured = "not_configured"
    /// It should serve and does not, or cannot be asked.
    case failing

    init(_ status: DeviceStatus) {
        self =
            switch status {
            case .serving: .serving
            case .suspended: .suspended
            case .deleted: .deleted
            case .notConfigured: .notConfigured
            }
    }

    /// The phase that a successful change leads to.
    ///
    /// - Parameter before: The phase until then; nil if it is not known.
    /// - Returns: nil if it depends on a phase that is not known, and for what is no change.
    static func after(_ action: ActionKind, from before: DevicePhase?) -> DevicePhase? {
        switch action {
        // A suspended device stays suspended.
        case .update: before == nil ? nil : before == .suspended ? .suspended : .serving
        case .suspend: .suspended
        case .enable: .serving
        case .delete: .deleted
        case .stats, .metrics, .discover, .diagnostics, .archive: before
        }
    }
}
