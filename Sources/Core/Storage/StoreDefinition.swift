// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A type of object store as a program registers it.
public struct StoreDefinition: Sendable {
    /// The format of an ARCHIVE for it; its type is also the prefix of its settings' keys.
    package let format: StoreFormat

    package let readSettings: @Sendable (inout SettingReader) throws(SettingError) -> any Sendable
    private let checkSettings: @Sendable (any Sendable, StoreContext) throws -> Void
    private let makeStore: @Sendable (any Sendable, StoreContext) throws -> any ObjectStore

    /// Creates a definition.
    ///
    /// - Parameters:
    ///   - type: The value of `hpcs_object_store_type`: 1 to 24 lower-case letters, digits and `_`.
    ///   - credentials: The fields of an ARCHIVE with the credentials; each begins with `hpcs_object_store_`.
    ///   - settings: Reads the settings; see ``SettingReader``.
    ///   - check: Checks the settings and the files they name; throws `SettingError`.
    ///   - make: Makes the store; throws `SettingError`.
    public init<Settings: Sendable>(
        type: String,
        credentials: [CredentialField],
        settings: @escaping @Sendable (inout SettingReader) throws(SettingError) -> Settings,
        check: @escaping @Sendable (Settings, StoreContext) throws -> Void = { _, _ in },
        make: @escaping @Sendable (Settings, StoreContext) throws -> any ObjectStore
    ) {
        format = StoreFormat(type: type, credentials: credentials)
        readSettings = { reader throws(SettingError) in try settings(&reader) }
        checkSettings = { try check(try Self.cast($0, type), $1) }
        makeStore = { try make(try Self.cast($0, type), $1) }
    }

    /// Creates a definition of a store without settings.
    public init(
        type: String,
        credentials: [CredentialField],
        check: @escaping @Sendable (StoreContext) throws -> Void = { _ in },
        make: @escaping @Sendable (StoreContext) throws -> any ObjectStore
    ) {
        self.init(
            type: type,
            credentials: credentials,
            settings: { (_: inout SettingReader) throws(SettingError) in NoSettings() },
            check: { (_: NoSettings, context: StoreContext) in try check(context) },
            make: { (_: NoSettings, context: StoreContext) in try make(context) }
        )
    }

    package func check(_ settings: any Sendable, _ context: StoreContext) throws {
        try checkSettings(settings, context)
    }

    package func make(_ settings: any Sendable, _ context: StoreContext) throws -> any ObjectStore {
        try makeStore(settings, context)
    }

    private static func cast<Settings>(_ settings: any Sendable, _ type: String) throws(SettingError) -> Settings {
        guard let settings = settings as? Settings else {
            throw SettingError(type, "has settings of another store")
        }
        return settings
    }
}
