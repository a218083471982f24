// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A driver as a program registers it: its name, its settings, and its factory.
///
///     extension DriverDefinition {
///         public static let my = DriverDefinition(
///             name: "my",
///             summary: "My proxy.",
///             settings: MySettings.init,
///             make: { settings, context in try MyDriver(settings, context) }
///         )
///     }
public struct DriverDefinition: Sendable {
    /// The name: the value of the setting `driver`, and the prefix of the driver's settings' keys.
    public let name: String
    /// A one-line description.
    public let summary: String
    /// The prefix of the names of archived logs.
    package let logName: String

    package let readSettings: @Sendable (inout SettingReader) throws(SettingError) -> any Sendable
    private let checkSettings: @Sendable (any Sendable, DriverContext) throws -> Void
    private let makeDriver: @Sendable (any Sendable, DriverContext) throws -> any LoadBalancerDriver
    private var describeSupport: (@Sendable (any Sendable, DriverContext) -> SupportFacts)?
    private let renderSet:
        (@Sendable (any Sendable, DriverContext, LoadBalancerSet, LoadBalancerSet?) throws -> String)?

    /// Creates a definition.
    ///
    /// - Parameters:
    ///   - name: 1 to 32 lower-case letters, digits and `_`.
    ///   - summary: A one-line description that ends with a full stop.
    ///   - logName: The prefix of the names of archived logs; by default, the driver's name.
    ///   - settings: Reads the settings; see ``SettingReader``.
    ///   - check: Checks the settings together, and the device, without a change: before the driver is made, on a
    ///     reload of the configuration, and for `steelyard config`. It throws `SettingError`.
    ///   - make: Makes the driver without changing the device. It throws `SettingError`, or another error that ends the
    ///     agent.
    ///   - render: Returns the proxy's configuration for an UPDATE, or the difference from an earlier one, for
    ///     `steelyard render`; nil if the driver cannot show it. It throws `SettingError` and `DriverError`.
    public init<Settings: Sendable>(
        name: String,
        summary: String,
        logName: String? = nil,
        settings: @escaping @Sendable (inout SettingReader) throws(SettingError) -> Settings,
        check: @escaping @Sendable (Settings, DriverContext) throws -> Void = { _, _ in },
        make: @escaping @Sendable (Settings, DriverContext) throws -> any LoadBalancerDriver,
        render: (@Sendable (Settings, DriverContext, LoadBalancerSet, LoadBalancerSet?) throws -> String)? = nil
    ) {
        self.name = name
        self.summary = summary
        self.logName = logName ?? name
        readSettings = { reader throws(SettingError) in try settings(&reader) }
        checkSettings = { try check(try Self.cast($0, name), $1) }
        makeDriver = { try make(try Self.cast($0, name), $1) }
        if let render {
            renderSet = { try render(try Self.cast($0, name), $1, $2, $3) }
        } else {
            renderSet = nil
        }
    }

    /// Creates a definition of a driver without settings.
    public init(
        name: String,
        summary: String,
        logName: String? = nil,
        make: @escaping @Sendable (DriverContext) throws -> any LoadBalancerDriver
    ) {
        self.init(
            name: name,
            summary: summary,
            logName: logName,
            settings: { (_: inout SettingReader) throws(SettingError) in NoSettings() },
            make: { (_: NoSettings, context: DriverContext) in try make(context) }
        )
    }

    /// Makes a driver like an agent does, for example for a test.
    ///
    /// - Parameters:
    ///   - values: The settings by key, without the driver's name; the others have their defaults.
    ///   - context: The agent's parameters for the driver.
    /// - Throws: `SettingError` for an invalid setting, and the errors of the definition's closures.
    public func makeDriver(
        _ values: [String: SettingValue] = [:],
        _ context: DriverContext
    ) throws -> any LoadBalancerDriver {
        var reader = SettingReader(group: name, values)
        let settings = try readSettings(&reader)
        try check(settings, context)
        return try make(settings, context)
    }

    /// The same driver, with what support needs of it.
    package func withSupport<Settings: Sendable>(
        _ describe: @escaping @Sendable (Settings, DriverContext) -> SupportFacts
    ) -> DriverDefinition {
        var definition = self
        definition.describeSupport = { settings, context in
            (settings as? Settings).map { describe($0, context) } ?? SupportFacts()
        }
        return definition
    }

    /// What support needs of the driver.
    package func supportFacts(_ settings: any Sendable, _ context: DriverContext) -> SupportFacts {
        describeSupport?(settings, context) ?? SupportFacts()
    }

    /// Whether the driver can show a configuration.
    package var canRender: Bool { renderSet != nil }

    package func check(_ settings: any Sendable, _ context: DriverContext) throws {
        try checkSettings(settings, context)
    }

    package func make(_ settings: any Sendable, _ context: DriverContext) throws -> any LoadBalancerDriver {
        try makeDriver(settings, context)
    }

    /// - Returns: nil for a driver that cannot show a configuration.
    package func render(
        _ wanted: LoadBalancerSet,
        against old: LoadBalancerSet?,
        _ settings: any Sendable,
        _ context: DriverContext
    ) throws -> String? {
        try renderSet?(settings, context, wanted, old)
    }

    private static func cast<Settings>(_ settings: any Sendable, _ name: String) throws(SettingError) -> Settings {
        guard let settings = settings as? Settings else {
            throw SettingError(name, "has settings of another driver")
        }
        return settings
    }
}

/// The settings of a driver or store without settings.
package struct NoSettings: Sendable {
    package init() {}
}
