// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HAProxyDriver
import Logging
import SteelyardCertificates
import SteelyardCore

/// An agent that applies one UPDATE and is killed after one of its steps: `apply-crasher FOLDER MESSAGE STEP`.
@main
enum ApplyCrasher {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let step = ChangeStep(rawValue: arguments[3]) else {
            throw Usage(description: "usage: apply-crasher FOLDER MESSAGE STEP")
        }
        let bytes = Array(try Data(contentsOf: URL(filePath: arguments[2])))
        let message = try Message(JSONDocument(bytes), certificates: OpenSSLCertificateReader())
        guard case .update(let wanted) = message.action else {
            throw Usage(description: "the message is no UPDATE")
        }
        let driver = try HAProxyDriver(
            configuration: HAProxyConfiguration(["max_connections": 500], stateDirectory: arguments[1]),
            logger: Logger(label: "apply-crasher")
        ) { if $0 == step { kill(getpid(), SIGKILL) } }
        try await driver.apply(wanted)
    }

    private struct Usage: Error, CustomStringConvertible {
        let description: String
    }
}
