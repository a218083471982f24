// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// The environment of the tests.
package enum Environment {
    /// The folder of the package.
    package static let packageFolder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of the built programs: the one that contains the test bundle.
    package static var buildFolder: URL {
        let arguments = ProcessInfo.processInfo.arguments.map { URL(fileURLWithPath: $0) }
        let bundle = arguments.first { $0.lastPathComponent.hasSuffix(".xctest") } ?? arguments[0]
        return bundle.deletingLastPathComponent()
    }

    /// The virtual environment into which `scripts/setup` installs the object stores.
    private static var testEnvironment: URL {
        Self["STEELYARD_TEST_VENV"].map { URL(fileURLWithPath: $0) } ?? packageFolder.appending(path: ".build/venv")
    }

    /// The Python of the virtual environment.
    package static var testPython: String { testEnvironment.appending(path: "bin/python").path }

    /// Whether the virtual environment contains moto.
    package static var hasMoto: Bool {
        FileManager.default.fileExists(atPath: testEnvironment.appending(path: "s3-requirements.txt").path)
    }

    /// Whether the virtual environment has the validator of the schemas and Python's Gearman client, too.
    package static var hasSchemaValidator: Bool {
        FileManager.default.fileExists(atPath: testEnvironment.appending(path: "schemas-requirements.txt").path)
    }

    /// The HAProxy for the driver's tests.
    package static let haproxy = Self["STEELYARD_TEST_HAPROXY"] ?? Requirement.haproxy.rawValue

    package static subscript(name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    package static func isExecutable(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }
}
