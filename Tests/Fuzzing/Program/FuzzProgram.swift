// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs one target with libFuzzer, which reads the program's arguments.
@main
enum FuzzProgram {
    /// The variable that names the target.
    private static let variable = "STEELYARD_FUZZ_TARGET"

    private static let target: FuzzTarget? = {
        guard let name = unsafe getenv(variable) else { return nil }
        let text = unsafe String(cString: name)
        return FuzzTarget.all.first { $0.name == text }
    }()

    static func main() {
        guard target != nil else {
            let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
            write("set \(variable) to one of \(names)")
            exit(EX_USAGE)
        }
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        exit(unsafe runFuzzer(&count, &arguments) { unsafe FuzzProgram.run($0, $1) })
    }

    private static func run(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        do { try target?.run(input) } catch {
            write("a property does not hold: \(error)")
            // Like a trap, so that libFuzzer saves the input.
            abort()
        }
        return 0
    }

    /// Writes directly to the descriptor: buffered output would be lost by the abort.
    private static func write(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// libFuzzer's own `main`, as a function.
@_extern(c, "LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
