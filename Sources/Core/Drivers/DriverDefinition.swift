// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A driver as a program registers it: its name, its settings, and how it is made.
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
    /// The name: the value of the setting `driver`, and what the keys of the driver's settings begin with.
    public let name: String
    /// What it drives, in one line.
    public let summary: String
    /// What the names of archived logs begin with.
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
    ///   - summary: What it drives, in one line that ends with a full stop.
    ///   - logName: What the names of archived logs begin with; the driver's name unless given.
    ///   - settings: Reads the settings; see ``SettingReader``.
    ///   - check: Checks the settings together, and the device, without a change: before the driver is made, on a reload
    ///     of the configuration, and for `steelyard config`. It throws `SettingError`.
    ///   - make: Makes the driver; it does nothing to the device yet. It throws `SettingError`, or another error that
    ///     ends the agent.
    ///   - render: Shows the proxy's configuration for an UPDATE, or the change from an earlier one, for
    ///     `steelyard render`; nil if there is nothing to show. It throws `SettingError` and `DriverError`.
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

    /// Makes a driver as an agent does, such as for a test.
    ///
    /// - Parameters:
    ///   - values: The settings by their keys without the driver's name; all others have their defaults.
    ///   - context: What the agent would give the driver.
    /// - Throws: `SettingError` for a wrong setting, and what the definition throws.
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

/// The settings of what has none.
package struct NoSettings: Sendable {
    package init() {}
}
