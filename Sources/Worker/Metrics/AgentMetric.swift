// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardMetrics

/// The metrics of the agent; a test compares the documentation's table with them.
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
        "Answered messages by action, result (PASS or FAIL) and hpcs_error_code (none for a PASS)."
    )
    static let jobFailures = MetricDescription(
        "steelyard_job_failures_total",
        .counter,
        labels: ["action"],
        "Messages answered with FAIL by action; 0 from the start, so that alerts see the first failure."
    )
    static let jobDuration = MetricDescription(
        "steelyard_job_duration_seconds",
        .histogram,
        labels: ["action"],
        "Time from receiving a message to its reply, including the time in the queue."
    )
    static let jobsInProgress = MetricDescription(
        "steelyard_jobs_in_progress",
        .gauge,
        "Messages that were received and are not answered yet."
    )
    static let changes = MetricDescription(
        "steelyard_changes_total",
        .counter,
        labels: ["plan", "result"],
        "Changes by plan and result, without dry runs; if the driver reports no plan, the action."
    )
    static let lastChange = MetricDescription(
        "steelyard_change_last_success_timestamp_seconds",
        .gauge,
        "Unix time of the last successful change since the agent was started."
    )
    static let gearmanConnected = MetricDescription(
        "steelyard_gearman_connected",
        .gauge,
        labels: ["server"],
        "1 if the agent is registered at the job server, otherwise 0."
    )
    static let gearmanReconnects = MetricDescription(
        "steelyard_gearman_reconnects_total",
        .counter,
        labels: ["server"],
        "Number of times that the agent registered again at the job server after a lost connection."
    )
    static let devicePhase = MetricDescription(
        "steelyard_device_phase",
        .gauge,
        labels: ["phase"],
        "1 for the current phase of the device, 0 for the others; failing if it should serve and does not, or does not answer."
    )
    static let nodes = MetricDescription(
        "steelyard_nodes",
        .gauge,
        labels: ["state"],
        "Number of nodes by state, while the device serves."
    )
    static let certificateExpiry = MetricDescription(
        "steelyard_certificate_expiry_timestamp_seconds",
        .gauge,
        labels: ["certificate", "load_balancer"],
        "End of a certificate's validity as Unix time; the label load_balancer is empty without an id."
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
        "1 if the proxy serves, 0 if it should and does not."
    )
    static let proxyStart = MetricDescription(
        "steelyard_proxy_start_time_seconds",
        .gauge,
        "Start time of the process that accepts connections, as Unix time."
    )
    static let proxyEnds = MetricDescription(
        "steelyard_proxy_unexpected_ends_total",
        .counter,
        "Number of times that the proxy ended unexpectedly, such as by a crash."
    )
    static let proxyOldProcesses = MetricDescription(
        "steelyard_proxy_old_processes",
        .gauge,
        "Number of old processes of the proxy, which only finish their connections."
    )
    static let drift = MetricDescription(
        "steelyard_drift",
        .gauge,
        "1 if another program has changed the proxy, otherwise 0."
    )
    static let driftFound = MetricDescription(
        "steelyard_drift_found_total",
        .counter,
        "Number of times that the agent found changes by another program."
    )
    static let bytesOut = MetricDescription(
        "steelyard_bytes_out_total",
        .counter,
        labels: ["protocol", "load_balancer"],
        "Bytes sent to clients, from the ledger of METRICS; the label load_balancer is absent if the proxy's names have no ids."
    )
    static let archiveObjects = MetricDescription(
        "steelyard_archive_objects_total",
        .counter,
        "Objects that ARCHIVE has stored."
    )
    static let archiveLines = MetricDescription(
        "steelyard_archive_lines_total",
        .counter,
        "Log lines in the stored objects."
    )
    static let archiveBytes = MetricDescription(
        "steelyard_archive_bytes_total",
        .counter,
        "Compressed bytes of the stored objects."
    )
    static let archiveFailures = MetricDescription(
        "steelyard_archive_failures_total",
        .counter,
        "Failed ARCHIVEs."
    )
    static let lastArchive = MetricDescription(
        "steelyard_archive_last_success_timestamp_seconds",
        .gauge,
        "Unix time of the last ARCHIVE that passed; after a start of the agent, from the history."
    )
    static let freeBytes = MetricDescription(
        "steelyard_state_free_bytes",
        .gauge,
        "Free bytes of the file system of state_dir."
    )
    static let sizeBytes = MetricDescription(
        "steelyard_state_size_bytes",
        .gauge,
        "Size of the file system of state_dir."
    )
    static let processStart = MetricDescription(
        "process_start_time_seconds",
        .gauge,
        "Start time of the agent, as Unix time."
    )
    static let processCPU = MetricDescription(
        "process_cpu_seconds_total",
        .counter,
        "User and system CPU time of the agent."
    )
    static let processResident = MetricDescription(
        "process_resident_memory_bytes",
        .gauge,
        "Resident memory of the agent."
    )
    static let processVirtual = MetricDescription(
        "process_virtual_memory_bytes",
        .gauge,
        "Virtual memory of the agent."
    )
    static let processDescriptors = MetricDescription(
        "process_open_fds",
        .gauge,
        "Open file descriptors of the agent."
    )
    static let processGreatestDescriptors = MetricDescription(
        "process_max_fds",
        .gauge,
        "Limit of file descriptors of the agent."
    )

    static let dropped = MetricDescription(
        "steelyard_metrics_dropped_total",
        .counter,
        "Number of values that were dropped because of the limit of series, or because a name is in use."
    )

    /// The metrics that the agent counts at the event.
    static let counted = [
        jobs, jobFailures, jobDuration, jobsInProgress, changes, lastChange, archiveObjects, archiveLines, archiveBytes,
        archiveFailures,
        lastArchive,
    ]

    /// The metrics that the agent reads at each scrape.
    static let read = [
        buildInfo, gearmanConnected, gearmanReconnects, devicePhase, nodes, certificateExpiry, proxyInfo, proxyUp,
        proxyStart, proxyEnds,
        proxyOldProcesses, drift, driftFound, bytesOut, freeBytes, sizeBytes, processStart, processCPU, processResident,
        processVirtual, processDescriptors, processGreatestDescriptors, dropped,
    ]

    /// All metrics.
    static var all: [MetricDescription] { counted + read }
}
