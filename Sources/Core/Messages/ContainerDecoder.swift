// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes certificates with their keys, and certificate authorities.
struct ContainerDecoder {
    let reader: FieldReader
    let certificates: any CertificateReader
    /// Whether the message is a state file, which has digests only.
    let wasAccepted: Bool

    /// Decodes a container: a certificate with its key, or a reference to one that the device has.
    func decode(_ field: Field) throws(MessageError) -> CertificateContainer {
        let members = try reader.members(of: field)
        let id = try reader.identifier(members.field(.id))
        let sha256 = try reader.text(members.field(.sha256)) { text throws(InvalidValue) in
            try SHA256Value(String(text))
        }
        let key = try reader.text(members.field(.privateKey)) { text throws(InvalidValue) in SecretText(String(text)) }
        guard let key else {
            guard let id, let sha256 else {
                throw try members.field(.privateKey).error(
                    "is missing; without it, id and sha256 must name a container that the device has"
                )
            }
            try requireSame(members.field(.certificate), as: sha256)
            // A state file has the digest of the container's file, too.
            let field = try members.field(.fileSHA256)
            let digest =
                try wasAccepted
                ? reader.text(field) { text throws(InvalidValue) in try SHA256Value(String(text)) } : nil
            return CertificateContainer(id: id, sha256: sha256, digest: digest, content: nil)
        }
        let certificate = try reader.requiredText(members.field(.certificate)) { text throws(InvalidValue) in
            String(text)
        }
        let intermediates = try reader.strings(members.field(.intermediates), atMost: 20, of: "intermediates")
        let passphrase = try reader.text(members.field(.passphrase)) { text throws(InvalidValue) in
            SecretText(String(text))
        }
        let source = CertificateSource(
            certificate: certificate,
            intermediates: intermediates ?? [],
            privateKey: key,
            passphrase: passphrase
        )
        let container = try field.rethrow { () throws(InvalidValue) in try certificates.container(id, source) }
        if let sha256, sha256 != container.sha256 {
            throw try members.field(.sha256).error("is not the SHA-256 of the certificate, \(container.sha256)")
        }
        return container
    }

    /// Checks that a certificate without its key is the one that is referred to.
    private func requireSame(_ field: Field, as sha256: SHA256Value) throws(MessageError) {
        let found = try reader.text(field) { text throws(InvalidValue) in
            try certificates.sha256(of: String(text))
        }
        if let found, found != sha256 {
            throw field.error("is another one than sha256 names; send it with its private_key")
        }
    }

    /// Decodes authorities or revocation lists; nil for the default.
    func trustFile(
        _ field: Field,
        _ read: (String) throws(InvalidValue) -> TrustFile
    ) throws(MessageError) -> TrustFile? {
        try reader.text(field) { text throws(InvalidValue) in
            let text = String(text)
            // A state file has only the digest.
            if wasAccepted, let digest = try? SHA256Value(text) { return TrustFile(sha256: digest, pem: nil) }
            return try read(text)
        }
    }
}
