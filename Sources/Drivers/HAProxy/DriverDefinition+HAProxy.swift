// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension DriverDefinition {
    /// The driver `haproxy`.
    public static let haproxy = DriverDefinition(
        name: HAProxySettings.group,
        summary: "Runs HAProxy 2.6 or newer.",
        settings: { reader throws(SettingError) in try HAProxySettings(&reader) },
        check: { settings, context in
            try HAProxyConfiguration(settings, stateDirectory: context.stateDirectory).requireAccounts()
        },
        make: { settings, context in
            try HAProxyDriver(
                configuration: HAProxyConfiguration(settings, stateDirectory: context.stateDirectory),
                logger: context.logger,
                descriptors: context.descriptors,
                isReadOnly: context.isReadOnly
            )
        },
        render: { settings, context, wanted, old in
            let configuration = try HAProxyConfiguration(settings, stateDirectory: context.stateDirectory)
            let renderer = HAProxyRenderer(configuration)
            try renderer.check(wanted)
            return old.map { renderer.describeChange(from: $0, to: wanted) + "\n" } ?? renderer.render(wanted)
        }
    )
}
