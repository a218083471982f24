// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardMetrics

/// The metrics of the agent, each with its texts; the table in the documentation has the same.
enum AgentMetric {
    static let buildInfo = MetricDescription(
        "steelyard_build_info",
        .info,
        labels: ["version", "release", "driver"],
        "The agent's version and driver."
    )
    static let jobs = MetricDescription(
        "steelyard_jobs_total",
        .counter,
        labels: ["action", "result", "code"],
        "Messages that were answered, by action, result (PASS or FAIL) and hpcs_error_code (none for a PASS)."
    )
    static let jobDuration = MetricDescription(
        "steelyard_job_duration_seconds",
        .histogram,
        labels: ["action"],
        "Time from taking a message to its reply, waiting for its turn included."
    )
    static let jobsInHand = MetricDescription(
        "steelyard_jobs_in_hand",
        .gauge,
        "Messages that were taken and are not answered yet."
    )
    static let changes = MetricDescription(
        "steelyard_changes_total",
        .counter,
        labels: ["plan", "result"],
        "UPDATE, SUSPEND, ENABLE and DELETE by the driver's plan (or the action, if it has none) and result; no dry runs."
    )
    static let lastChange = MetricDescription(
        "steelyard_change_last_success_timestamp_seconds",
        .gauge,
        "Unix time of the last change that passed since the agent was started."
    )
    static let gearmanConnected = MetricDescription(
        "steelyard_gearman_connected",
        .gauge,
        labels: ["server"],
        "Whether the agent takes jobs from the job server."
    )
    static let gearmanReconnects = MetricDescription(
        "steelyard_gearman_reconnects_total",
        .counter,
        labels: ["server"],
        "Times that the agent has registered again at the job server after a connection was lost."
    )
    static let devicePhase = MetricDescription(
        "steelyard_device_phase",
        .gauge,
        labels: ["phase"],
        "1 for the device's phase, 0 for the others; failed: it should serve and does not, or cannot be asked."
    )
    static let nodes = MetricDescription(
        "steelyard_nodes",
        .gauge,
        labels: ["state"],
        "Nodes by state, while the device serves."
    )
    static let proxyInfo = MetricDescription(
        "steelyard_proxy_info",
        .info,
        labels: ["name", "version"],
        "The proxy that the driver runs."
    )
    static let proxyUp = MetricDescription(
        "steelyard_proxy_up",
        .gauge,
        "Whether the proxy answers, while the device has something to serve."
    )
    static let proxyStart = MetricDescription(
        "steelyard_proxy_start_time_seconds",
        .gauge,
        "Unix time at which the process was started that takes connections."
    )
    static let proxyEnds = MetricDescription(
        "steelyard_proxy_unexpected_ends_total",
        .counter,
        "Times that the proxy has ended without the agent's doing."
    )
    static let proxyOldProcesses = MetricDescription(
        "steelyard_proxy_old_processes",
        .gauge,
        "Processes of the proxy that finish their connections and take no new ones."
    )
    static let drift = MetricDescription(
        "steelyard_drift",
        .gauge,
        "Whether another program has changed the proxy."
    )
    static let driftFound = MetricDescription(
        "steelyard_drift_found_total",
        .counter,
        "Times that another program's changes of the proxy were found."
    )
    static let bytesOut = MetricDescription(
        "steelyard_bytes_out_total",
        .counter,
        labels: ["protocol"],
        "Bytes sent to clients since the agent was started, by protocol; the source of METRICS."
    )
    static let archiveObjects = MetricDescription(
        "steelyard_archive_objects_total",
        .counter,
        "Objects that ARCHIVEs have stored."
    )
    static let archiveLines = MetricDescription(
        "steelyard_archive_lines_total",
        .counter,
        "Lines of the log in these objects."
    )
    static let archiveBytes = MetricDescription(
        "steelyard_archive_bytes_total",
        .counter,
        "Bytes of these objects, compressed."
    )
    static let archiveFailures = MetricDescription(
        "steelyard_archive_failures_total",
        .counter,
        "ARCHIVEs that have failed."
    )
    static let lastArchive = MetricDescription(
        "steelyard_archive_last_success_timestamp_seconds",
        .gauge,
        "Unix time of the last ARCHIVE that passed since the agent was started."
    )
    static let freeBytes = MetricDescription(
        "steelyard_state_free_bytes",
        .gauge,
        "Bytes that the agent can still write to the file system of state_dir."
    )
    static let sizeBytes = MetricDescription(
        "steelyard_state_size_bytes",
        .gauge,
        "Size of that file system."
    )
    static let processStart = MetricDescription(
        "process_start_time_seconds",
        .gauge,
        "Unix time at which the agent's process was started."
    )
    static let processCPU = MetricDescription(
        "process_cpu_seconds_total",
        .counter,
        "User and system CPU time of the agent's process."
    )
    static let processResident = MetricDescription(
        "process_resident_memory_bytes",
        .gauge,
        "Resident memory of the agent's process."
    )
    static let processVirtual = MetricDescription(
        "process_virtual_memory_bytes",
        .gauge,
        "Virtual memory of the agent's process."
    )
    static let processDescriptors = MetricDescription(
        "process_open_fds",
        .gauge,
        "Open file descriptors of the agent's process."
    )
    static let processGreatestDescriptors = MetricDescription(
        "process_max_fds",
        .gauge,
        "Soft limit on file descriptors of the agent's process."
    )

    /// Those that the agent counts as it works; the others are read when they are asked for.
    static let counted = [
        jobs, jobDuration, jobsInHand, changes, lastChange, archiveObjects, archiveLines, archiveBytes, archiveFailures,
        lastArchive,
    ]

    /// Those that are read when they are asked for.
    static let read = [
        buildInfo, gearmanConnected, gearmanReconnects, devicePhase, nodes, proxyInfo, proxyUp, proxyStart, proxyEnds,
        proxyOldProcesses, drift, driftFound, bytesOut, freeBytes, sizeBytes, processStart, processCPU, processResident,
        processVirtual, processDescriptors, processGreatestDescriptors,
    ]

    /// All of them.
    static var all: [MetricDescription] { counted + read }
}
