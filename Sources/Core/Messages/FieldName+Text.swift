// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension FieldName {
    /// Parses a member's name.
    ///
    /// - Parameters:
    ///   - name: The name's range in a document.
    ///   - bytes: The document's bytes.
    /// - Returns: nil for an unknown name.
    @inline(__always)
    init?(_ name: JSONNode.Name, in bytes: Span<UInt8>) {
        if name.isEscaped {
            self.init(escaped: bytes.extracting(name.range))
        } else {
            self.init(bytes, at: Int(name.start), count: Int(name.end &- name.start))
        }
    }

    private init?(escaped text: Span<UInt8>) {
        guard let name = JSONEscapes.resolve(text) else { return nil }
        self.init(name.utf8.span, at: 0, count: name.utf8.count)
    }

    @inline(__always)
    private init?(_ bytes: Span<UInt8>, at start: Int, count: Int) {
        let head = bytes.word(at: start, count: min(count, 8))

        // The names of one length. They are constants, so each comparison compares two numbers.
        @inline(__always)
        func oneOf(
            _ first: FieldName,
            _ second: FieldName? = nil,
            _ third: FieldName? = nil,
            _ fourth: FieldName? = nil,
            _ fifth: FieldName? = nil,
            _ sixth: FieldName? = nil,
            _ seventh: FieldName? = nil,
            _ eighth: FieldName? = nil,
            _ ninth: FieldName? = nil,
            _ tenth: FieldName? = nil,
            _ eleventh: FieldName? = nil
        ) -> FieldName? {
            if isMatch(first) { return first }
            if let second, isMatch(second) { return second }
            if let third, isMatch(third) { return third }
            if let fourth, isMatch(fourth) { return fourth }
            if let fifth, isMatch(fifth) { return fifth }
            if let sixth, isMatch(sixth) { return sixth }
            if let seventh, isMatch(seventh) { return seventh }
            if let eighth, isMatch(eighth) { return eighth }
            if let ninth, isMatch(ninth) { return ninth }
            if let tenth, isMatch(tenth) { return tenth }
            if let eleventh, isMatch(eleventh) { return eleventh }
            return nil
        }

        @inline(__always)
        func isMatch(_ name: FieldName) -> Bool {
            head == name.head && (count <= 8 || bytes.matches(name.text, from: 8, at: start))
        }

        let name: FieldName? =
            switch count {
            case 2: oneOf(.id)
            case 3: oneOf(.key)
            case 4: oneOf(.port, .name, .type, .path)
            case 5: oneOf(.nodes, .delay, .pools, .rules, .value)
            case 6: oneOf(.weight, .backup, .sha256, .policyAction, .invert)
            case 7: oneOf(.address, .monitor, .options, .timeout)
            case 8: oneOf(.protocol, .attempts, .position)
            case 9: oneOf(.condition, .algorithm)
            case 10: oneOf(.passphrase, .rateLimit, .l7Policies)
            case 11:
                oneOf(
                    .action,
                    .certificate,
                    .privateKey,
                    .tlsCiphers,
                    .httpMethod,
                    .domainName,
                    .maxRetries,
                    .fileSHA256,
                    .errorPages,
                    .cookieName,
                    .tlsEnabled
                )
            case 12:
                oneOf(
                    .tlsVersions,
                    .hstsMaxAge,
                    .hstsPreload,
                    .exceptCIDRs,
                    .monitorPort,
                    .redirectURL,
                    .compareType
                )
            case 13:
                oneOf(.documentedLoadBalancers, .deployedLoadBalancers, .intermediates, .allowedCIDRs, .queueTimeout)
            case 14:
                oneOf(
                    .clientTimeout,
                    .serverTimeout,
                    .configVersion,
                    .alpnProtocols,
                    .proxyProtocol,
                    .tunnelTimeout,
                    .expectedCodes,
                    .sourceAddress,
                    .insertHeaders,
                    .adminStateUp
                )
            case 15: oneOf(.connectTimeout, .connectRetries, .monitorAddress, .redirectPrefix, .tlsServerName)
            case 16: oneOf(.connectionLimit, .maxRetriesDown, .redirectPoolID)
            case 17: oneOf(.redirectToHTTPS)
            case 18: oneOf(.sniContainers, .redirectCode, .tlsContainer)
            case 19: oneOf(.requestsPerSecond, .sessionPersistence, .persistenceTimeout)
            case 20: oneOf(.httpRequestTimeout)
            case 21: oneOf(.clientAuthentication, .acceptProxyProtocol, .authorities)
            case 22: oneOf(.objectStoreType, .connectionsPerSecond, .concurrentConnections)
            case 23: oneOf(.hstsIncludeSubdomains)
            case 25: oneOf(.clientRevocations)
            case 26: oneOf(.objectStoreEndpoint, .objectStoreBasePath, .defaultTLSContainer)
            case 28: oneOf(.clientAuthorities)
            default: nil
            }
        guard let name else { return nil }
        self = name
    }

    /// The first eight bytes of the name, in the format of ``Swift/Span/word(at:count:)``.
    @inline(__always)
    private var head: UInt64 {
        var head: UInt64 = 0
        for index in 0..<min(text.utf8CodeUnitCount, 8) { head |= UInt64(text.utf8Start[index]) << (index &* 8) }
        return head
    }
}
