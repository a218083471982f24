// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardWorker

/// The executable: the program with the drivers that come with it.
@main
enum Steelyard {
    static func main() async {
        await Program.main(drivers: .standard)
    }
}
