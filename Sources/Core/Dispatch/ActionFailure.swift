// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reason why a message failed, as reported in the reply.
package struct ActionFailure: Error, Sendable {
    /// The kind of failure.
    package let code: FailureCode
    /// The path of the field at fault, as sent; nil if no single field is at fault.
    package let field: String?
    /// The value of `hpcs_error`.
    package let message: String
    private let otherFields: [JSONFragment.Member]

    init(_ code: FailureCode, _ message: String, field: String? = nil, otherFields: [JSONFragment.Member] = []) {
        self.code = code
        self.message = message
        self.field = field
        self.otherFields = otherFields
    }

    init(_ error: DriverError, _ message: Message, _ driverName: String) {
        let kind = message.action.kind
        let sentence = error.sentence(listName: message.listName)
        self.init(
            FailureCode(error.code),
            error.code == .unsupported && error.field == nil
                ? "the driver \(driverName) does not support \(kind.rawValue): \(sentence)" : sentence,
            field: error.field?.path(listName: message.listName),
            otherFields: error.code == .deleted && [.stats, .metrics].contains(kind)
                ? [.init("status", .string("DELETED"))] : []
        )
    }

    init(staleVersion version: ConfigurationVersion, current: ConfigurationVersion) {
        let path = FieldPath.root[.configVersion].description
        self.init(
            .staleVersion,
            "\(path) \(version) is lower than \(current), the device's current version; send \(current) or higher",
            field: path
        )
    }

    init(_ error: JSONSyntaxError) { self.init(.invalidJSON, error.description) }

    init(_ error: MessageError) { self.init(.invalidField, error.description, field: error.field) }

    init(_ error: ObjectStoreError, otherFields: [JSONFragment.Member]) {
        self.init(FailureCode(error.code), error.message, otherFields: otherFields)
    }

    /// Whether the message itself was invalid, so that nothing was attempted.
    var isRejection: Bool { [.invalidJSON, .invalidField, .messageTooLarge].contains(code) }

    /// The reply's fields except `hpcs_response` and `hpcs_error`.
    var replyFields: [JSONFragment.Member] {
        otherFields + [.init("hpcs_error_code", .string(code.rawValue))]
            + (field.map { [.init("hpcs_error_field", .string($0))] } ?? [])
    }
}
