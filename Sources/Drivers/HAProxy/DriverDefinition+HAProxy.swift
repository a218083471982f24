// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore
import SystemPackage

extension DriverDefinition {
    /// The driver `haproxy`.
    public static let haproxy = DriverDefinition(
        name: HAProxySettings.group,
        summary: "Runs HAProxy 2.6 or newer.",
        settings: { reader throws(SettingError) in try HAProxySettings(&reader) },
        check: { settings, context in
            try HAProxyConfiguration(settings, context).requireAccounts()
        },
        make: { settings, context in
            try HAProxyDriver(
                configuration: HAProxyConfiguration(settings, context),
                logger: context.logger,
                descriptors: context.descriptors,
                isReadOnly: context.isReadOnly
            )
        },
        render: { settings, context, wanted, old in
            let configuration = try HAProxyConfiguration(settings, context)
            let renderer = HAProxyRenderer(configuration)
            try renderer.check(wanted)
            return old.map { renderer.describeChange(from: $0, to: wanted) + "\n" } ?? renderer.render(wanted)
        }
    ).withSupport { (settings: HAProxySettings, context) in
        var facts = SupportFacts()
        guard let configuration = try? HAProxyConfiguration(settings, context) else {
            return facts
        }
        let files = DeviceFiles(configuration)
        facts.files = [files.config, files.lastGood, files.startLog].map(\.string)
        facts.programs = [.init(files.binary.string, ["-vv"])]
        if settings.service == .systemd { facts.units = ["haproxy.service"] }
        facts.log = files.log.string
        return facts
    }
}

extension HAProxyConfiguration {
    fileprivate init(_ settings: HAProxySettings, _ context: DriverContext) throws(SettingError) {
        try self.init(settings, stateDirectory: context.stateDirectory, keyDirectory: context.keyDirectory)
    }
}
