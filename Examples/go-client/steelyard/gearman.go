// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package steelyard

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// The packet types of Gearman's protocol that a client in the foreground needs.
const (
	submitJob     = 7
	jobCreated    = 8
	workStatus    = 12
	workComplete  = 13
	workFail      = 14
	errorPacket   = 19
	workException = 25
	workData      = 28
	workWarning   = 29
)

// Larger than any reply of an agent with the default limits: a message has at most 8 MiB.
const maxPacket = 64 << 20

// run submits a job in the foreground on a connection of its own and returns what it was completed with.
func run(server, function, unique string, payload []byte, timeout time.Duration, progress func(done, of uint64)) ([]byte, error) {
	deadline := time.Now().Add(timeout)
	conn, err := net.DialTimeout("tcp", server, timeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	body := bytes.Join([][]byte{[]byte(function), []byte(unique), payload}, []byte{0})
	if _, err := conn.Write(packet(submitJob, body)); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(conn)
	var reply []byte
	for {
		kind, body, err := readPacket(reader)
		if err != nil {
			return nil, err
		}
		// The job's handle comes first; it is the only job of this connection.
		_, rest, _ := bytes.Cut(body, []byte{0})
		switch kind {
		case jobCreated, workWarning:
		case workData:
			reply = append(reply, rest...)
		case workStatus:
			done, of, _ := bytes.Cut(rest, []byte{0})
			doneCount, doneError := strconv.ParseUint(string(done), 10, 64)
			ofCount, ofError := strconv.ParseUint(string(of), 10, 64)
			if progress != nil && doneError == nil && ofError == nil {
				progress(doneCount, ofCount)
			}
		case workComplete:
			return append(reply, rest...), nil
		case workFail, workException:
			return nil, fmt.Errorf("the job has ended without a reply")
		case errorPacket:
			return nil, fmt.Errorf("the job server: %s", bytes.ReplaceAll(body, []byte{0}, []byte(" ")))
		default:
			return nil, fmt.Errorf("the job server has sent a packet of type %d", kind)
		}
	}
}

func packet(kind uint32, body []byte) []byte {
	head := make([]byte, 12, 12+len(body))
	copy(head, "\x00REQ")
	binary.BigEndian.PutUint32(head[4:], kind)
	binary.BigEndian.PutUint32(head[8:], uint32(len(body)))
	return append(head, body...)
}

func readPacket(reader io.Reader) (uint32, []byte, error) {
	head := make([]byte, 12)
	if _, err := io.ReadFull(reader, head); err != nil {
		return 0, nil, err
	}
	if string(head[:4]) != "\x00RES" {
		return 0, nil, fmt.Errorf("the server does not speak Gearman")
	}
	size := binary.BigEndian.Uint32(head[8:])
	if size > maxPacket {
		return 0, nil, fmt.Errorf("the job server has sent a packet of %d bytes", size)
	}
	body := make([]byte, size)
	_, err := io.ReadFull(reader, body)
	return binary.BigEndian.Uint32(head[4:]), body, err
}
