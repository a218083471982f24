// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Why an action failed, as the reply says it.
struct ActionFailure: Error {
    let message: String
    var fields: [JSONFragment.Member] = []

    init(_ message: String, fields: [JSONFragment.Member] = []) {
        self.message = message
        self.fields = fields
    }

    init(_ error: DriverError, _ message: Message, _ driverName: String) {
        let sentence = error.sentence(listName: message.listName)
        self.message =
            error.code == .unsupported
            ? "the driver \(driverName) cannot do \(message.action.kind.rawValue): \(sentence)" : sentence
        if error.code == .deleted, [.stats, .metrics].contains(message.action.kind) {
            fields = [.init("status", .string("DELETED"))]
        }
    }
}
