// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0
#pragma once
// Used by the tests only: control planes use libgearman, so the tests check the agent against it.
#include <libgearman/gearman.h>
