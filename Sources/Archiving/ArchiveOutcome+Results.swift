// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension ArchiveOutcome {
    init(_ results: [Result<ArchivedObject, ObjectStoreError>]) {
        self.init()
        for result in results {
            switch result {
            case .success(let object): objects.append(object)
            case .failure(let error): failure = failure ?? .store(error)
            }
        }
    }
}
