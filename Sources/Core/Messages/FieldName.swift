// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The names of all fields with a meaning in messages.
enum FieldName: UInt8, CaseIterable, Sendable {
    case action, objectStoreType, objectStoreEndpoint, objectStoreBasePath
    case documentedLoadBalancers, deployedLoadBalancers, configVersion
    case id, name, `protocol`, address, port, algorithm, monitor, options, nodes
    case weight, backup, condition
    case type, delay, timeout, attempts, path
    case clientTimeout, serverTimeout, connectTimeout, connectRetries
    case defaultTLSContainer, sniContainers, certificate, intermediates, privateKey, fileSHA256, passphrase, sha256
    case tlsVersions, tlsCiphers, alpnProtocols, clientAuthentication, clientAuthorities, clientRevocations
    case redirectToHTTPS, hstsMaxAge, hstsIncludeSubdomains, hstsPreload
    case allowedCIDRs, connectionLimit, acceptProxyProtocol, proxyProtocol, rateLimit, connectionsPerSecond
    case requestsPerSecond, concurrentConnections, exceptCIDRs, tunnelTimeout, httpRequestTimeout, queueTimeout
    case httpMethod, expectedCodes, domainName, maxRetries, maxRetriesDown, monitorAddress, monitorPort
    case sourceAddress
    case pools, sessionPersistence, cookieName, persistenceTimeout
    case l7Policies, policyAction, position, redirectURL, redirectPrefix, redirectPoolID, redirectCode
    case rules, compareType, key, value, invert
    case insertHeaders, errorPages, adminStateUp
    case tlsEnabled, tlsContainer, authorities, tlsServerName

    /// The name as it appears in messages.
    @inline(__always)
    var text: StaticString {
        switch self {
        case .action: "hpcs_action"
        case .objectStoreType: "hpcs_object_store_type"
        case .objectStoreEndpoint: "hpcs_object_store_endpoint"
        case .objectStoreBasePath: "hpcs_object_store_basepath"
        case .documentedLoadBalancers: "loadbalancers"
        case .deployedLoadBalancers: "loadBalancers"
        case .configVersion: "config_version"
        case .id: "id"
        case .name: "name"
        case .protocol: "protocol"
        case .address: "address"
        case .port: "port"
        case .algorithm: "algorithm"
        case .monitor: "monitor"
        case .options: "options"
        case .nodes: "nodes"
        case .weight: "weight"
        case .backup: "backup"
        case .condition: "condition"
        case .type: "type"
        case .delay: "delay"
        case .timeout: "timeout"
        case .attempts: "attempts"
        case .path: "path"
        case .clientTimeout: "client_timeout"
        case .serverTimeout: "server_timeout"
        case .connectTimeout: "connect_timeout"
        case .connectRetries: "connect_retries"
        case .defaultTLSContainer: "default_tls_container_data"
        case .sniContainers: "sni_container_data"
        case .certificate: "certificate"
        case .intermediates: "intermediates"
        case .privateKey: "private_key"
        case .fileSHA256: "file_sha256"
        case .passphrase: "passphrase"
        case .sha256: "sha256"
        case .tlsVersions: "tls_versions"
        case .tlsCiphers: "tls_ciphers"
        case .alpnProtocols: "alpn_protocols"
        case .clientAuthentication: "client_authentication"
        case .clientAuthorities: "client_ca_tls_container_data"
        case .clientRevocations: "client_crl_container_data"
        case .redirectToHTTPS: "redirect_to_https"
        case .hstsMaxAge: "hsts_max_age"
        case .hstsIncludeSubdomains: "hsts_include_subdomains"
        case .hstsPreload: "hsts_preload"
        case .allowedCIDRs: "allowed_cidrs"
        case .connectionLimit: "connection_limit"
        case .acceptProxyProtocol: "accept_proxy_protocol"
        case .proxyProtocol: "proxy_protocol"
        case .rateLimit: "rate_limit"
        case .connectionsPerSecond: "connections_per_second"
        case .requestsPerSecond: "requests_per_second"
        case .concurrentConnections: "concurrent_connections"
        case .exceptCIDRs: "except_cidrs"
        case .tunnelTimeout: "tunnel_timeout"
        case .httpRequestTimeout: "http_request_timeout"
        case .queueTimeout: "queue_timeout"
        case .httpMethod: "http_method"
        case .expectedCodes: "expected_codes"
        case .domainName: "domain_name"
        case .maxRetries: "max_retries"
        case .maxRetriesDown: "max_retries_down"
        case .monitorAddress: "monitor_address"
        case .monitorPort: "monitor_port"
        case .sourceAddress: "source_address"
        case .pools: "pools"
        case .sessionPersistence: "session_persistence"
        case .cookieName: "cookie_name"
        case .persistenceTimeout: "persistence_timeout"
        case .l7Policies: "l7policies"
        case .policyAction: "action"
        case .position: "position"
        case .redirectURL: "redirect_url"
        case .redirectPrefix: "redirect_prefix"
        case .redirectPoolID: "redirect_pool_id"
        case .redirectCode: "redirect_http_code"
        case .rules: "rules"
        case .compareType: "compare_type"
        case .key: "key"
        case .value: "value"
        case .invert: "invert"
        case .insertHeaders: "insert_headers"
        case .adminStateUp: "admin_state_up"
        case .errorPages: "error_pages"
        case .tlsEnabled: "tls_enabled"
        case .tlsContainer: "tls_container_data"
        case .authorities: "ca_tls_container_data"
        case .tlsServerName: "tls_server_name"
        }
    }
}
