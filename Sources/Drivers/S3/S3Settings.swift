// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The configuration group `s3`.
struct S3Settings: Hashable, Sendable {
    let addressing: S3Configuration.Addressing
    let createsBucket: Bool
    let partBytes: Int

    init(_ settings: inout SettingReader) throws(SettingError) {
        addressing = try settings.choice(
            "addressing",
            default: .path,
            "Position of the bucket's name in a URL: in the path, or in the host name."
        )
        createsBucket = try settings.boolean(
            "create_bucket",
            default: true,
            "Whether to create a missing bucket."
        )
        partBytes = try settings.integer(
            "part_bytes",
            default: 8 << 20,
            in: S3Configuration.smallestPartBytes...(1 << 30),
            "Size of an object's parts in bytes. Up to eight parts are in memory at a time."
        )
    }
}

extension S3Configuration {
    init(_ settings: S3Settings, _ context: StoreContext) {
        self.init(
            certificateAuthorityFile: context.certificateAuthorityFile,
            segmentBytes: context.segmentBytes
        )
        addressing = settings.addressing
        createsBucket = settings.createsBucket
        partBytes = settings.partBytes
        refusesLocalAddresses = context.refusesLocalAddresses
    }
}
