// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// swift-log's levels, by name.
enum LogLevels {
    static let names = Logger.Level.allCases.map(\.rawValue)
}
