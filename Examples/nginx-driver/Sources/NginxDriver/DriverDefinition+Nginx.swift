// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension DriverDefinition {
    /// The driver `nginx`.
    public static let nginx = DriverDefinition(
        name: "nginx",
        summary: "Runs nginx 1.22 or newer.",
        settings: { reader throws(SettingError) in try NginxSettings(&reader) },
        check: { settings, _ in try settings.requireInstalled() },
        make: { settings, context in try NginxDriver(settings: settings, context: context) },
        render: { settings, context, wanted, old in
            let directory = NginxDirectory(in: context)
            let configuration = try NginxConfiguration(wanted, settings, in: directory)
            guard let old else { return configuration.file.text }
            let before = try NginxConfiguration(old, settings, in: directory)
            return LineDifference(from: before.lines, to: configuration.lines).description + "\n"
        }
    )
}

extension NginxDirectory {
    /// The driver's part of the state directory.
    init(in context: DriverContext) { self.init(path: context.stateDirectory + "/nginx") }
}
