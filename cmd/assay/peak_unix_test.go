//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// runPeak runs a command and returns its output and the most memory that its process held at a time, in bytes. On Linux that is read while it runs:
// what getrusage says of a child begins with what its parent held.
func runPeak(cmd *exec.Cmd) (out []byte, peak int64, err error) {
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	if err := cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("start: %w", err)
	}
	ended, read := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(read)
		for {
			peak = max(peak, highWater(cmd.Process.Pid))
			select {
			case <-ended:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	err = cmd.Wait()
	close(ended)
	<-read
	if peak == 0 {
		peak = peakOf(cmd.ProcessState)
	}
	return stdout.Bytes(), peak, err
}

// highWater is VmHWM of a process in bytes (proc(5)), 0 where there is none.
func highWater(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	f := bytes.Fields(rest)
	if len(f) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(f[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib * 1024
}

// peakOf is the most memory that an ended process held at a time, in bytes (getrusage counts it in KiB, macOS in bytes).
func peakOf(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return u.Maxrss
	}
	return u.Maxrss * 1024
}
