// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

extension StoreDefinition {
    /// OpenStack Swift: the type `swift`.
    public static let openStackSwift = StoreDefinition(
        type: "swift",
        credentials: [CredentialField(OpenStackSwiftStore.tokenField)],
        check: { context in
            do throws(InvalidValue) { try OpenStackSwiftConfiguration(context).checkCertificateAuthorityFile() } catch {
                throw SettingError("archive.ca", error.problem)
            }
        },
        make: { context in
            OpenStackSwiftStore(configuration: OpenStackSwiftConfiguration(context), logger: context.logger)
        }
    )
}

extension OpenStackSwiftConfiguration {
    fileprivate init(_ context: StoreContext) {
        self.init(
            certificateAuthorityFile: context.certificateAuthorityFile,
            segmentBytes: context.segmentBytes
        )
        refusesLocalAddresses = context.refusesLocalAddresses
    }
}
