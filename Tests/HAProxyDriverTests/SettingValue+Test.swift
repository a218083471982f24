// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Creates settings from values of Swift's own types.
extension SettingValue {
    static func of(_ text: String?) -> SettingValue { text.map { .string($0) } ?? .null }

    static func of(_ number: Int?) -> SettingValue { number.map { .integer($0) } ?? .null }

    static func of(_ truth: Bool) -> SettingValue { .boolean(truth) }

    static func of(_ texts: [String]) -> SettingValue { .list(texts.map { .string($0) }) }
}
