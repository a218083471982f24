// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore
import SystemPackage

extension DriverDefinition {
    /// The driver `exec`.
    public static let exec = DriverDefinition(
        name: ExecSettings.group,
        summary: "Runs a driver program in any language, with JSON-RPC over standard input and output.",
        settings: { reader throws(SettingError) in try ExecSettings(&reader) },
        check: { settings, _ in try settings.check() },
        make: { settings, context in
            let configuration = ExecConfiguration(
                settings,
                stateFolder: FilePath(context.stateDirectory),
                isReadOnly: context.isReadOnly,
                agent: (context.agentName, context.release.release)
            )
            return ExecDriver(configuration: configuration, logger: context.logger)
        }
    )
}
