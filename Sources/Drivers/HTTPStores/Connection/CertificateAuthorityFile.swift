// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCrypto
import Glibc
package import SteelyardCore

/// A file of certificate authorities that replaces the system's.
package enum CertificateAuthorityFile {
    private static let greatestSize = 16 << 20

    /// Checks that a file of certificate authorities is readable and contains only valid PEM certificates, at least
    /// one.
    ///
    /// - Throws: `InvalidValue` with the file and the fault.
    package static func check(_ file: String) throws(InvalidValue) {
        let text = try read(file)
        var found: CInt = 0
        let count = unsafe text.withUnsafeBytes { bytes in
            unsafe steelyard_pem_certificates(bytes.baseAddress, CInt(bytes.count), &found)
        }
        guard count >= 0 else {
            throw InvalidValue("names \(file), in which certificate \(found + 1) is corrupt; export it again as PEM")
        }
        guard count > 0 else {
            throw InvalidValue("names \(file), which contains no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
        }
    }

    private static func read(_ file: String) throws(InvalidValue) -> [UInt8] {
        func failure(_ verb: String) -> InvalidValue {
            InvalidValue("names \(file), which cannot be \(verb): \(unsafe String(cString: strerror(errno)))")
        }
        // Without waiting for a peer if it is a FIFO.
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("opened") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("read") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw InvalidValue("names \(file), which is not a regular file")
        }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failure("read") }
            guard count > 0 else { return text }
            text += buffer[..<count]
            guard text.count <= greatestSize else {
                throw InvalidValue("names \(file), which is larger than \(greatestSize >> 20) MiB")
            }
        }
    }
}
