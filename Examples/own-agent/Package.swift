// swift-tools-version: 6.2

import PackageDescription

// The package of the tutorials "Writing a driver" and "Writing a store".
let package = Package(
    name: "own-agent",
    dependencies: [
        // Outside Steelyard's repository:
        // .package(url: "https://github.com/OWNER/steelyard", from: "1.0.0")
        .package(name: "steelyard", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(
            name: "OwnDriver",
            dependencies: [.product(name: "SteelyardCore", package: "steelyard")]
        ),
        .target(
            name: "OwnStore",
            dependencies: [.product(name: "SteelyardCore", package: "steelyard")]
        ),
        // The programs after the first and after the second tutorial.
        .executableTarget(
            name: "my-agent",
            dependencies: [
                "OwnDriver",
                .product(name: "NoOpDriver", package: "steelyard"),
                .product(name: "SteelyardWorker", package: "steelyard"),
            ]
        ),
        .executableTarget(
            name: "own-agent",
            dependencies: [
                "OwnDriver",
                "OwnStore",
                .product(name: "LogArchiving", package: "steelyard"),
                .product(name: "NoOpDriver", package: "steelyard"),
                .product(name: "SteelyardWorker", package: "steelyard"),
            ]
        ),
        // The smallest program: it links no library of drivers or stores.
        .executableTarget(
            name: "noop-agent",
            dependencies: [
                .product(name: "NoOpDriver", package: "steelyard"),
                .product(name: "SteelyardWorker", package: "steelyard"),
            ]
        ),
        .testTarget(
            name: "OwnDriverTests",
            dependencies: [
                "OwnDriver",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SteelyardTestSupport", package: "steelyard"),
            ]
        ),
        .testTarget(
            name: "OwnStoreTests",
            dependencies: ["OwnStore", .product(name: "SteelyardTestSupport", package: "steelyard")]
        ),
        // The contract suite for a driver program in any language.
        .testTarget(
            name: "DriverProgramTests",
            dependencies: [
                .product(name: "ExecDriver", package: "steelyard"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SteelyardTestSupport", package: "steelyard"),
            ]
        ),
    ]
)
