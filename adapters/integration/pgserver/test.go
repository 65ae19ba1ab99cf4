package pgserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// startTime bounds how long a server may take to start.
const startTime = time.Minute

// Shared is the one server of a test process, which its databases share. The
// zero value starts it when it is first asked for.
type Shared struct {
	mu     sync.Mutex
	server *Server
	dsn    string // of the superuser, on the database "postgres"
	err    error
	tried  bool
	kept   []string // databases
	names  atomic.Int64
}

// Close stops the server, if it is ours.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	server := s.server
	s.server = nil
	return server.Stop()
}

// Need gives the superuser's data source name of the server. Where there is no
// server to be had the test is skipped, or fails if ONBEHALF_REQUIRE names
// postgres.
func (s *Shared) Need(tb testing.TB) string {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tried {
		s.tried = true
		s.dsn, s.err = s.start()
	}
	missing(tb, s.err)
	return s.dsn
}

func (s *Shared) start() (string, error) {
	if dsn := os.Getenv("ONBEHALF_POSTGRES_DSN"); dsn != "" {
		return dsn, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	// What these tests lose in a crash is nothing; those who kill have their own.
	server, err := Start(ctx, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
	if err != nil {
		return "", err
	}
	s.server = server
	return server.DSN("postgres", Superuser), nil
}

// Own is a server for one test, to be killed and restarted.
func Own(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	server, err := Start(ctx, settings...)
	missing(tb, err)
	tb.Cleanup(func() {
		if err := server.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return server
}

func missing(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case !errors.Is(err, ErrNone), slices.Contains(strings.Split(os.Getenv("ONBEHALF_REQUIRE"), ","), "postgres"):
		tb.Fatal(err)
	default:
		tb.Skip(err)
	}
}

// Database makes a new database, as a copy of the template if one is named, and
// gives the superuser's data source name of it. It goes when the test ends.
func (s *Shared) Database(tb testing.TB, template string) string {
	tb.Helper()
	admin := s.Need(tb)
	name := fmt.Sprintf("onbehalf_%d_%d", os.Getpid(), s.names.Add(1))
	text := "CREATE DATABASE " + name
	if template != "" {
		text += " TEMPLATE " + template
	}
	s.Exec(tb, text)
	tb.Cleanup(func() { s.Exec(tb, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return On(tb, admin, name)
}

// Keep is Database for as long as the process lives: see Drop.
func (s *Shared) Keep(tb testing.TB, template string) string {
	tb.Helper()
	admin := s.Need(tb)
	name := fmt.Sprintf("onbehalf_%d_%d", os.Getpid(), s.names.Add(1))
	s.Exec(tb, "CREATE DATABASE "+name+" TEMPLATE "+template)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, name)
	return On(tb, admin, name)
}

// Drop drops what was kept, on a server that outlives the process.
func (s *Shared) Drop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil || len(s.kept) == 0 {
		return nil
	}
	db, err := sql.Open("pgx", s.dsn)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is left in it
	for _, name := range s.kept {
		if _, err := db.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	s.kept = nil
	return nil
}

// Exec runs a statement as superuser on the database "postgres".
func (s *Shared) Exec(tb testing.TB, text string) {
	tb.Helper()
	db, err := sql.Open("pgx", s.Need(tb))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing is left in it
	if _, err := db.ExecContext(context.Background(), text); err != nil {
		tb.Fatal(err)
	}
}

// On is the data source name for another database of the same server.
func On(tb testing.TB, dsn, database string) string {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}

// As is the data source name for another role without a password.
func As(tb testing.TB, dsn, role string) string {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}
