//go:build unix && !linux

package pgserver

import "syscall"

// own is how programs of the server are run. Where the kernel is not Linux
// nobody ends a server whose process was killed.
func own() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
