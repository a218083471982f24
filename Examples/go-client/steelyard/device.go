// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

// Package steelyard sends messages to devices that Steelyard runs on.
//
// It needs the standard library only. A control plane with many devices would keep its connections open, and use a
// Gearman library; what this package does with a reply stays the same.
package steelyard

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// How long to wait for the reply. The article Messages has the reasons.
var timeouts = map[string]time.Duration{
	"UPDATE": 120 * time.Second, "SUSPEND": 120 * time.Second, "ENABLE": 120 * time.Second,
	"DELETE": 120 * time.Second, "ARCHIVE": time.Hour, "STATS": 5 * time.Second, "METRICS": 5 * time.Second,
	"DISCOVER": 10 * time.Second, "DIAGNOSTICS": 10 * time.Second,
}

// A Message is what is sent; its member hpcs_action is required.
type Message map[string]any

// A Reply has the fields that the agent has added; Raw is the whole of it.
type Reply struct {
	Response      string       `json:"hpcs_response"`
	Error         string       `json:"hpcs_error"`
	Code          string       `json:"hpcs_error_code"`
	Field         string       `json:"hpcs_error_field"`
	Version       string       `json:"version"`
	Status        string       `json:"status"`
	ConfigVersion *int64       `json:"config_version"`
	Nodes         []NodeStatus `json:"nodes"`
	Start         string       `json:"utc_start"`
	End           string       `json:"utc_end"`
	Network       string       `json:"network"`
	Archives      []Archive    `json:"hpcs_archives"`
	Raw           []byte       `json:"-"`
}

// A NodeStatus is an entry of the reply to STATS.
type NodeStatus struct {
	ID             string `json:"id"`
	Status         string `json:"status"`
	Protocol       string `json:"protocol"`
	LoadBalancerID string `json:"load_balancer_id"`
	PoolID         string `json:"pool_id"`
	Reason         string `json:"reason"`
}

// A Usage is an entry of the reply to METRICS.
type Usage struct {
	Protocol string `json:"protocol"`
	// ID is empty for the sum of a protocol; entries with an ID are parts of it.
	ID       string `json:"id"`
	BytesOut int64  `json:"bytes_out"`
}

// An Archive is an entry of the reply to ARCHIVE.
type Archive struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	Lines  *int64 `json:"lines"`
	Bytes  int64  `json:"bytes"`
}

// Usage returns the bytes of the reply to METRICS. encoding/json would take loadbalancers of a message for it.
func (reply *Reply) Usage() ([]Usage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(reply.Raw, &fields); err != nil {
		return nil, err
	}
	var usage []Usage
	err := json.Unmarshal(fields["loadBalancers"], &usage)
	return usage, err
}

// A Failure is a FAIL: the device does not do what the message asks for.
type Failure struct{ Reply *Reply }

func (failure *Failure) Error() string {
	return fmt.Sprintf("%s: %s", failure.Reply.Code, failure.Reply.Error)
}

// NoReply says that no reply came. The device may have done what the message asks for: send the message again.
type NoReply struct{ Cause error }

func (lost *NoReply) Error() string { return "no reply: " + lost.Cause.Error() }

// Unwrap returns the cause.
func (lost *NoReply) Unwrap() error { return lost.Cause }

// A Device is reached by the function that its agent registers, at a job server.
type Device struct {
	Server   string
	Function string
	// Progress is called for each report of an ARCHIVE; it may be nil.
	Progress func(done, of uint64)
}

// Send sends a message and returns the reply of a PASS. Its error is a *Failure or a *NoReply, or says that the message
// is no JSON.
func (device *Device) Send(message Message) (*Reply, error) {
	payload, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	action, _ := message["hpcs_action"].(string)
	timeout, isKnown := timeouts[strings.ToUpper(action)]
	if !isKnown {
		timeout = 10 * time.Second
	}
	// Two jobs with one unique id become one, and the second payload is dropped.
	unique := make([]byte, 16)
	if _, err := rand.Read(unique); err != nil {
		return nil, err
	}
	raw, err := run(device.Server, device.Function, hex.EncodeToString(unique), payload, timeout, device.Progress)
	if err != nil {
		return nil, &NoReply{err}
	}
	reply := &Reply{Raw: raw}
	if err := json.Unmarshal(raw, reply); err != nil {
		return nil, &NoReply{err}
	}
	if reply.Response != "PASS" {
		return nil, &Failure{reply}
	}
	return reply, nil
}
