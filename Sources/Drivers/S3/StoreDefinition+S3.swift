// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
public import SteelyardCore

extension StoreDefinition {
    /// Amazon S3 and compatible stores: the type `s3`.
    public static let s3 = StoreDefinition(
        type: "s3",
        credentials: [
            CredentialField(S3Credentials.accessKeyField),
            CredentialField(S3Credentials.secretKeyField),
            CredentialField(S3Credentials.sessionTokenField, isRequired: false),
            CredentialField(S3Credentials.regionField, isRequired: false, isSecret: false),
        ],
        settings: { settings throws(SettingError) in try S3Settings(&settings) },
        check: { _, context in
            guard let file = context.certificateAuthorityFile else { return }
            do throws(InvalidValue) { try CertificateAuthorityFile.check(file) } catch {
                throw SettingError("archive.ca", error.problem)
            }
        },
        make: { settings, context in
            S3Store(configuration: S3Configuration(settings, context), logger: context.logger)
        }
    )
}
