// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The files of HAProxy's lists of networks.
///
/// They follow the state: a change writes them before HAProxy reads them, a rollback and the reconciler write those of the
/// committed state.
extension DeviceContext {
    /// The lists whose files are missing or have another content.
    func changedLists(of rendered: RenderedConfiguration) -> [NetworkList] {
        rendered.lists.filter { contents(of: $0.file) != $0.bytes }
    }

    /// Writes the lists whose files are missing or have another content.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func writeLists(of rendered: RenderedConfiguration) throws(DriverError) {
        try stateUnwritable { () throws(FileError) in
            for list in changedLists(of: rendered) {
                try AtomicFile.makeFolder(files.stateFolder)
                try PreparedFile(list.bytes, for: list.file, isFlushed: false).commit(isFlushed: false)
            }
        }
    }

    /// Removes the files of all other lists; if that fails, the next change or start does it.
    ///
    /// - Parameter rendered: The served configuration; nil if there is none.
    func removeLists(besides rendered: RenderedConfiguration?) {
        let kept = Set((rendered?.lists ?? []).map(\.file))
        for file in files.networkLists where !kept.contains(file) { try? AtomicFile.remove(file, isFlushed: false) }
    }

    /// Writes the lists for a check of the candidate file.
    ///
    /// - Throws: `FileError`.
    func writeCandidateLists(of rendered: RenderedConfiguration) throws(FileError) {
        for list in rendered.lists {
            let file = FilePath(list.file.string + DeviceFiles.candidateSuffix)
            try PreparedFile(list.bytes, for: file, isFlushed: false).commit(isFlushed: false)
        }
    }

    /// Removes the lists of the candidate file.
    func removeCandidateLists(of rendered: RenderedConfiguration) {
        for list in rendered.lists {
            try? AtomicFile.remove(FilePath(list.file.string + DeviceFiles.candidateSuffix), isFlushed: false)
        }
    }
}

extension NetworkList {
    /// The file's path.
    var file: FilePath { FilePath(path.text) }
}

extension RenderedConfiguration {
    /// The text of the candidate file, whose lists have other names, so that a check changes no file in use.
    var candidateText: String {
        lists.reduce(text) { text, list in
            text.replacing("-f \(list.path.text) }", with: "-f \(list.path.text)\(DeviceFiles.candidateSuffix) }")
        }
    }
}
