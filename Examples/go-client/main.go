// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

// The program sends each message once to a device, with the good and the bad replies that a control plane has to deal
// with:
//
//	go run . HOST:PORT FUNCTION
//
// It changes the device and ends with a DELETE, so use an agent with the driver noop. It exits with 0 if each reply is as
// expected.
package main

import (
	"errors"
	"fmt"
	"os"

	"example.com/steelyard-client/steelyard"
)

func update(version, port int) steelyard.Message {
	return steelyard.Message{
		"hpcs_action": "UPDATE", "config_version": version,
		"loadbalancers": []any{map[string]any{
			"id": "15", "protocol": "HTTP", "port": 8080,
			"monitor": map[string]any{"type": "HTTP", "delay": 5, "timeout": 2, "attempts": 2, "path": "/"},
			"nodes": []any{
				map[string]any{"id": "web-1", "address": "192.0.2.10", "port": port},
				map[string]any{"id": "web-2", "address": "192.0.2.11", "port": 80, "backup": true},
			},
		}},
	}
}

func action(name string) steelyard.Message { return steelyard.Message{"hpcs_action": name} }

func tour(device *steelyard.Device) error {
	refused := func(message steelyard.Message, codes ...string) error {
		_, err := device.Send(message)
		var failure *steelyard.Failure
		if !errors.As(err, &failure) {
			return fmt.Errorf("%v: expected a FAIL, not %v", message, err)
		}
		for _, code := range codes {
			if failure.Reply.Code == code {
				fmt.Printf("%v: FAIL, as expected: %v\n", message["hpcs_action"], failure)
				return nil
			}
		}
		return fmt.Errorf("%v: expected %v, not %w", message, codes, err)
	}

	discovered, err := device.Send(action("DISCOVER"))
	if err != nil {
		return err
	}
	fmt.Println("DISCOVER:", discovered.Version)

	if _, err := device.Send(update(2, 80)); err != nil {
		return err
	}
	if err := refused(update(1, 80), "stale_version"); err != nil {
		return err
	}
	if err := refused(update(3, 0), "invalid_field"); err != nil {
		return err
	}

	stats, err := device.Send(action("STATS"))
	if err != nil {
		return err
	}
	if stats.ConfigVersion == nil || *stats.ConfigVersion != 2 || len(stats.Nodes) != 2 {
		return fmt.Errorf("STATS: %s", stats.Raw)
	}
	for _, node := range stats.Nodes {
		fmt.Println("STATS:", node.LoadBalancerID, node.ID, node.Status, node.Reason)
	}

	metrics, err := device.Send(action("METRICS"))
	if err != nil {
		return err
	}
	usage, err := metrics.Usage()
	if err != nil || len(usage) != 1 || usage[0].Protocol != "http" {
		return fmt.Errorf("METRICS: %v %s", err, metrics.Raw)
	}
	fmt.Println("METRICS:", metrics.Start, metrics.End, usage)

	for _, name := range []string{"SUSPEND", "ENABLE", "DIAGNOSTICS"} {
		reply, err := device.Send(action(name))
		if err != nil {
			return err
		}
		fmt.Println(name+":", reply.Response, reply.Network)
	}

	archive := steelyard.Message{
		"hpcs_action": "ARCHIVE", "hpcs_object_store_type": "swift", "hpcs_object_store_basepath": "logs",
		// Nothing listens there, so the store cannot be reached, or the agent may not send there.
		"hpcs_object_store_endpoint": "http://127.0.0.1:1/v1/account", "hpcs_object_store_token": "token",
		"loadbalancers": []any{map[string]any{"id": "15", "protocol": "HTTP"}},
	}
	if err := refused(archive, "store_unavailable", "store_forbidden"); err != nil {
		return err
	}

	if _, err := device.Send(action("DELETE")); err != nil {
		return err
	}
	return refused(action("STATS"), "deleted")
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run . HOST:PORT FUNCTION")
		os.Exit(64)
	}
	device := &steelyard.Device{
		Server: os.Args[1], Function: os.Args[2],
		Progress: func(done, of uint64) { fmt.Printf("progress: %d of %d\n", done, of) },
	}
	if err := tour(device); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("all replies are as expected")
}
