// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0
#pragma once
// Of the tests only: control planes use libgearman, so that what the agent speaks is held against it.
#include <libgearman/gearman.h>
