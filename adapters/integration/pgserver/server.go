// Package pgserver starts PostgreSQL for tests and benchmarks: a throw-away
// server from the binaries of the machine, on a free port of the loopback, in a
// temporary directory, gone when its process ends.
package pgserver

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// ErrNone means that there is no PostgreSQL to be had here.
var ErrNone = errors.New("no PostgreSQL: neither ONBEHALF_POSTGRES_DSN nor the programs initdb and postgres")

// Superuser is who may do everything on the server.
const Superuser = "postgres"

// Server is a running server of our own.
type Server struct {
	dir, binaries string
	port          int
	settings      []string
	as            *syscall.SysProcAttr
	process       *exec.Cmd
	exited        chan struct{}
}

// Start makes a new server. Settings are "name=value" and come after our own.
// As root it runs as an unprivileged user, which PostgreSQL asks for.
func Start(ctx context.Context, settings ...string) (s *Server, err error) {
	binaries, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "onbehalf-postgres-")
	if err != nil {
		return nil, err
	}
	s = &Server{dir: dir, binaries: binaries, settings: settings}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
			s = nil
		}
	}()
	if s.as, err = unprivileged(dir); err != nil {
		return s, err
	}
	if err := s.run(ctx, "initdb", "-D", s.data(), "-U", Superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return s, err
	}
	err = s.onFreePort(ctx, freePort)
	return s, err
}

// onFreePort starts the server on a port that was free when it was picked, and
// on another if somebody has taken it since: many processes look for one.
func (s *Server) onFreePort(ctx context.Context, pick func(context.Context) (int, error)) (err error) {
	for range 5 {
		if s.port, err = pick(ctx); err != nil {
			return err
		}
		if err = s.Restart(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		l, taken := (&net.ListenConfig{}).Listen(ctx, "tcp4", s.Address())
		if taken == nil {
			return errors.Join(err, l.Close()) // so that was not the reason
		}
	}
	return err
}

// find gives the directory with the programs of the newest version.
func find() (string, error) {
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	version := func(dir string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // 0 for what is no number
		return n
	}
	slices.SortFunc(all, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			all = append([]string{filepath.Dir(path)}, all...)
		}
	}
	for _, dir := range all {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", ErrNone
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return addr.Port, l.Close()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

func (s *Server) run(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(s.binaries, program), args...) //nolint:gosec // programs of the machine
	c.SysProcAttr, c.Dir = s.as, s.dir
	runtime.LockOSThread() // the program is told of the end of the thread that started it
	defer runtime.UnlockOSThread()
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, bytes.TrimSpace(out))
	}
	return nil
}

// Restart starts the server on the data it has, after a Kill, and waits until
// it answers.
func (s *Server) Restart(ctx context.Context) error {
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port)}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=" + s.dir, "max_connections=200", "shared_buffers=256MB",
		"max_wal_size=4GB", "fsync=on", "synchronous_commit=on", "log_min_messages=warning",
	}, s.settings...) {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	c := exec.Command(filepath.Join(s.binaries, "postgres"), args...) //nolint:gosec,noctx // it ends with Stop or Kill
	c.SysProcAttr, c.Dir, c.Stdout, c.Stderr = s.as, s.dir, log, log
	started, exited := make(chan error, 1), make(chan struct{})
	alive, end := context.WithCancel(ctx)
	// The server is told of the end of the thread that started it; this one
	// lives as long as the server.
	go func() {
		runtime.LockOSThread()
		defer end()
		defer close(exited)
		defer log.Close() //nolint:errcheck // of a server that is gone
		err := c.Start()
		started <- err
		if err == nil {
			_ = c.Wait() // whatever it died of
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.exited = c, exited
	return s.ready(ctx, alive)
}

// ready waits until the server answers. Somebody else at the port may not: no
// answer is waited for that is not one of a server alive.
func (s *Server) ready(ctx, alive context.Context) error {
	db, err := sql.Open("pgx", s.DSN("postgres", Superuser))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is left in it
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var data string
		err := db.QueryRowContext(alive, "SELECT current_setting('data_directory')").Scan(&data)
		if err == nil && data == s.data() {
			return nil // and not one that had the port before
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-s.exited:
			log, _ := os.ReadFile(s.log()) // what there is
			return fmt.Errorf("postgres ended: %w: %s", err, log[max(0, len(log)-2000):])
		}
	}
}

// DSN is the data source name of a database for a role, for pgx.
func (s *Server) DSN(database, role string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", role, s.port, database)
}

// Address is where the server listens.
func (s *Server) Address() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// Process is the id of the server's main process.
func (s *Server) Process() int { return s.process.Process.Pid }

// Kill ends the server and all its backends at once, as a crash would, and
// waits until they are gone.
func (s *Server) Kill() error {
	// Stopped first, it starts none that would be missed and hold its memory.
	_ = s.process.Process.Signal(syscall.SIGSTOP) // it may be gone already
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		// The signal takes its time: until then it may start one more.
		if state, _ := status(s.Process()); state == "T" || state == "" || state == "Z" {
			break
		}
		<-tick.C
	}
	children := s.children()
	err := s.process.Process.Kill()
	<-s.exited
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL) // most have noticed by themselves
	}
	for _, pid := range children {
		for range 2000 {
			if state, _ := status(pid); state == "" || state == "Z" {
				break
			}
			<-tick.C
		}
	}
	return err
}

// children are the processes that the server started.
func (s *Server) children() []int {
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var pids []int
	for _, path := range all {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		if _, parent := status(pid); parent == s.Process() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// status is the state of a process and its parent, as the kernel tells them;
// Z is one that has ended and that nobody has asked for. Empty: there is none.
func status(pid int) (state string, parent int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	text := string(b)
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:]) // the name before may have anything in it
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}

// Stop ends the server and removes all of it.
func (s *Server) Stop() error {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGQUIT) // nothing of it is kept
		<-s.exited
	}
	err := os.RemoveAll(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}
