package pgserver

import "syscall"

// own is how programs of the server are run: they end when the thread that
// started them does, and so with this process, however it ends.
func own() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT} }
