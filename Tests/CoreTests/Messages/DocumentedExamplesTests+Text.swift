// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension DocumentedExample {
    static let update = DocumentedExample(
        name: "UPDATE",
        needsDevice: false,
        request: """
            {
            "hpcs_action": "UPDATE",
            "loadbalancers": [
            {
            "name": "a-new-loadbalancer",
            "protocol": "http",
            "nodes": [
            {
            "address": "10.0.0.1",
            "port": "80",
            "weight": "1"
            }
            ]
            }
            ]
            }
            """,
        response: """
            {
            "hpcs_action": "UPDATE",
            "loadbalancers": [
            {
            "name": "a-new-loadbalancer",
            "protocol": "http",
            "nodes": [
            {
            "address": "10.0.0.1",
            "port": "80",
            "weight": "1"
            }
            ]
            }
            ],
            "hpcs_response": "PASS"
            }
            """
    )

    static let suspend = DocumentedExample(
        name: "SUSPEND",
        request: """
            {
            "hpcs_action": "SUSPEND"
            }
            """,
        response: """
            {
            "hpcs_action": "SUSPEND",
            "hpcs_response": "PASS"
            }
            """
    )

    static let enable = DocumentedExample(
        name: "ENABLE",
        request: """
            {
            "hpcs_action": "ENABLE"
            }
            """,
        response: """
            {
            "hpcs_action": "ENABLE",
            "hpcs_response": "PASS"
            }
            """
    )

    static let delete = DocumentedExample(
        name: "DELETE",
        request: """
            {
            "hpcs_action": "DELETE"
            }
            """,
        response: """
            {
            "hpcs_action": "DELETE",
            "hpcs_response": "PASS"
            }
            """
    )

    static let diagnostics = DocumentedExample(
        name: "DIAGNOSTICS",
        needsDevice: false,
        request: """
            {
            "hpcs_action": "DIAGNOSTICS"
            }
            """,
        response: """
            {
            "hpcs_action": "DIAGNOSTICS",
            "network": "PASS",
            "gearman": [
            {
            "15.185.1.2": "PASS"
            },
            {
            "15.185.1.3": "FAIL"
            }
            ],
            "release": "1.0.alpha.3.gca84083",
            "hpcs_response": "PASS"
            }
            """
    )

    static let discover = DocumentedExample(
        name: "DISCOVER",
        needsDevice: false,
        request: """
            {
            "hpcs_action": "DISCOVER"
            }
            """,
        response: """
            {
            "hpcs_action": "DISCOVER",
            "version": "1.0",
            "release": "1.0.alpha.3.gca84083",
            "hpcs_response": "PASS"
            }
            """
    )

    static let archive = DocumentedExample(
        name: "ARCHIVE",
        request: """
            {
            "hpcs_action": "ARCHIVE",
            "hpcs_object_store_basepath": "lbaaslogs",
            "hpcs_object_store_endpoint": "https://example.com/v1/100",
            "hpcs_object_store_token": "MY_AUTH_TOKEN",
            "hpcs_object_store_type": "swift",
            "loadbalancers": [
            {
            "id": "15",
            "name": "lb #1",
            "protocol": "HTTP"
            }
            ]
            }
            """,
        response: """
            {
            "hpcs_action": "ARCHIVE",
            "hpcs_object_store_basepath": "lbaaslogs",
            "hpcs_object_store_endpoint": "https://example.com/v1/100",
            "hpcs_object_store_token": "MY_AUTH_TOKEN",
            "hpcs_object_store_type": "swift",
            "loadbalancers": [
            {
            "id": "15",
            "name": "lb #1",
            "protocol": "HTTP"
            }
            ],
            "hpcs_response": "FAIL",
            "hpcs_error": "Some error string explaining the failure."
            }
            """
    )

    static let stats = DocumentedExample(
        name: "STATS",
        request: """
            {
            "hpcs_action": "STATS"
            }
            """,
        response: """
            {
            "hpcs_action": "STATS",
            "hpcs_response": "PASS"
            }
            """
    )
}
