// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The drivers that a worker can be started with, by name.
///
/// `Context` is what a driver is made of: whatever the program that registers them has to give.
public struct DriverRegistry<Context: Sendable>: Sendable {
    /// Makes a driver.
    public typealias Factory = @Sendable (Context) throws -> any LoadBalancerDriver

    private var factories: [String: Factory] = [:]

    /// Creates a registry without drivers.
    public init() {}

    /// The registered names, sorted.
    public var names: [String] { factories.keys.sorted() }

    /// Registers a driver; one of the same name gives way.
    public mutating func register(_ name: String, _ factory: @escaping Factory) { factories[name] = factory }

    /// The same registry with one more driver.
    public func registering(_ name: String, _ factory: @escaping Factory) -> DriverRegistry {
        var registry = self
        registry.register(name, factory)
        return registry
    }

    /// Makes the driver of that name.
    ///
    /// - Returns: nil where none is registered under it.
    /// - Throws: What the driver's factory throws.
    public func makeDriver(_ name: String, _ context: Context) throws -> (any LoadBalancerDriver)? {
        try factories[name]?(context)
    }
}
