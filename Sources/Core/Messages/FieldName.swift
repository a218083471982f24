// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The names of all fields with a meaning in messages.
enum FieldName: UInt8, Sendable {
    case action, objectStoreType, objectStoreEndpoint, objectStoreBasePath
    case documentedLoadBalancers, deployedLoadBalancers, configVersion
    case id, name, `protocol`, address, port, algorithm, monitor, options, nodes
    case weight, backup, condition
    case type, delay, timeout, attempts, path
    case clientTimeout, serverTimeout, connectTimeout, connectRetries

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
        }
    }
}
