// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Why an action failed, as the reply says it.
struct ActionFailure: Error {
    /// The reply's `hpcs_error_code`: a word that stays the same when the sentence changes.
    enum Code: String {
        case staleVersion = "stale_version"
    }

    let message: String
    var fields: [JSONFragment.Member] = []
    /// The kind of failure; nil where it has no code.
    var code: Code?
    /// The path of the field at fault, as it was sent; nil where no single field is.
    var field: String?

    init(_ message: String, fields: [JSONFragment.Member] = []) {
        self.message = message
        self.fields = fields
    }

    init(_ error: DriverError, _ message: Message, _ driverName: String) {
        let sentence = error.sentence(listName: message.listName)
        self.message =
            error.code == .unsupported && error.field == nil
            ? "the driver \(driverName) cannot do \(message.action.kind.rawValue): \(sentence)" : sentence
        if error.code == .deleted, [.stats, .metrics].contains(message.action.kind) {
            fields = [.init("status", .string("DELETED"))]
        }
    }

    init(staleVersion version: ConfigurationVersion, current: ConfigurationVersion) {
        let path = FieldPath.root[.configVersion].description
        message = "\(path) \(version) is lower than \(current), the device's current version; send \(current) or higher"
        code = .staleVersion
        field = path
    }

    /// What the reply has besides `hpcs_error`.
    var replyFields: [JSONFragment.Member] {
        var members = fields
        if let code { members.append(.init("hpcs_error_code", .string(code.rawValue))) }
        if let field { members.append(.init("hpcs_error_field", .string(field))) }
        return members
    }
}
