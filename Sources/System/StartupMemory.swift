// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// Releases memory that is needed only at startup.
package enum StartupMemory {
    /// Makes malloc return large buffers to the system as soon as they are freed, for the life of the process.
    ///
    /// Several threads allocate and free an archive's blocks, and each thread's heap would keep some of them.
    package static func returnLargeBuffers() { steelyard_map_blocks_larger_than(128 << 10) }

    /// Unmaps the pages of the program's own code.
    ///
    /// Parsing the command line and the configuration touches code all over the program that never runs again. The
    /// pages are unchanged file pages, so the kernel reloads any that are needed from the page cache.
    package static func release() {
        for mapping in codeMappings() {
            guard let start = unsafe UnsafeMutableRawPointer(bitPattern: mapping.lowerBound) else { continue }
            unsafe madvise(start, Int(mapping.upperBound - mapping.lowerBound), MADV_DONTNEED)
        }
    }

    /// Returns the executable mappings of the program's file.
    ///
    /// Only these are safe to unmap: a read-only mapping may contain relocations of the dynamic linker, which the file
    /// does not have.
    private static func codeMappings() -> [Range<UInt>] {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &path, path.count)
        guard count > 0, let maps = try? AtomicFile.readStream("/proc/self/maps") else { return [] }
        let program = String(decoding: path.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }) == program else {
                return nil
            }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            return bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : nil
        }
    }
}
