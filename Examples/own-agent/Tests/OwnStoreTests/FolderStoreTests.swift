// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OwnStore
import SteelyardCore
import SteelyardTestSupport
import Testing

@Suite struct FolderStoreTests {
    @Test(arguments: ObjectStoreContract.checks(without: [.authentication]))
    func contract(_ check: ObjectStoreContract.Check) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        var reader = SettingReader(group: "folder", ["root": .string(folder.path)])
        let store = FolderStore(try FolderSettings(&reader))
        let place = ObjectStoreContract.Place(
            endpoint: try StorageEndpoint("https://archive.example"),
            credentials: [:]
        ) { path in
            try? Array(Data(contentsOf: folder.appending(path: path.container).appending(path: path.name)))
        }
        try await check.run(store, at: place)
    }
}
