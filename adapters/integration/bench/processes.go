package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// childVariable in the environment makes this program an engine for another one
// of it, see serveTasks.
const childVariable = "ONBEHALF_BENCH_ENGINE"

// processSide has the tasks done by engines in processes of their own, on one
// database.
type processSide struct {
	*engineSide // who opened the books, and checks them

	children []*child
	shared   bool // each process works on all books; else on its own half
}

// child is one process with an engine.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *gob.Decoder
	enc *gob.Encoder
}

// childConfig is the first thing a child is told.
type childConfig struct {
	DSN, Database, Role string
	Callers, Committers int
	Books               []childBook
}

type childBook struct {
	Customer         tenancy.CustomerID
	Current, Savings accounts.ID
}

// childTask is a task as it is sent.
type childTask struct {
	Key      string
	Book     int
	Transfer bool
	Amount   int64
}

// processes opens books and starts so many engines on them, which share the
// callers.
func (f *field) processes(ctx context.Context, name string, books, n int, shared bool) (*processSide, error) {
	s, err := f.side(ctx, name, f.cluster.app(), engineConfig{books: books, callers: f.sizes.callers})
	if err != nil {
		return nil, err
	}
	p := &processSide{engineSide: s, shared: shared}
	f.servers = append(f.servers, p)
	config := childConfig{
		DSN: f.cluster.config.ConnString(), Database: f.databases[len(f.databases)-1], Role: f.cluster.app(),
		Callers: max(f.sizes.callers/n, 1), Committers: max(f.sizes.committers/n, 1),
	}
	for _, b := range s.books {
		config.Books = append(config.Books, childBook{b.scope.Customer(), b.current, b.savings})
	}
	for range n {
		c, err := startChild(ctx, config)
		if err != nil {
			return nil, err
		}
		p.children = append(p.children, c)
	}
	return p, nil
}

func startChild(ctx context.Context, config childConfig) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self)} //nolint:gosec // this very program
	c.cmd.Env = append(os.Environ(), childVariable+"=1")
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.enc, c.out = gob.NewEncoder(c.in), gob.NewDecoder(out)
	return c, errors.Join(c.enc.Encode(config), c.answer())
}

// answer is what the child says of what it was told.
func (c *child) answer() error {
	var fault string
	if err := c.out.Decode(&fault); err != nil {
		return fmt.Errorf("a process with an engine: %w", err)
	}
	if fault != "" {
		return errors.New(fault)
	}
	return nil
}

func (p *processSide) run(ctx context.Context, tasks []task) error {
	parts := make([][]childTask, len(p.children))
	for i, t := range tasks {
		to := t.book % len(parts)
		if p.shared {
			to = i % len(parts)
		}
		parts[to] = append(parts[to], childTask{t.key, t.book, t.transfer, t.amount})
	}
	g, _ := errgroup.WithContext(ctx)
	for i, c := range p.children {
		g.Go(func() error { return errors.Join(c.enc.Encode(parts[i]), c.answer()) })
	}
	return g.Wait()
}

// close ends the processes.
func (p *processSide) close() error {
	var errs []error
	for _, c := range p.children {
		errs = append(errs, c.in.Close(), c.cmd.Wait())
	}
	p.children = nil
	return errors.Join(errs...)
}

// serveTasks is the life of a child: it enters the books it is told of, does the
// tasks of each list it gets, and says so, until there are no more.
func serveTasks(ctx context.Context, in io.Reader, out io.Writer) error {
	dec, enc := gob.NewDecoder(in), gob.NewEncoder(out)
	var config childConfig
	if err := dec.Decode(&config); err != nil {
		return err
	}
	s, closeAll, err := openChild(ctx, config)
	if err != nil {
		return errors.Join(enc.Encode(err.Error()), err)
	}
	err = enc.Encode("")
	for err == nil {
		var list []childTask
		if err = dec.Decode(&list); err != nil {
			break
		}
		tasks := make([]task, len(list))
		for i, t := range list {
			tasks[i] = task{t.Key, t.Book, t.Transfer, t.Amount}
		}
		fault := ""
		if failed := s.run(ctx, tasks); failed != nil {
			fault = failed.Error()
		}
		err = enc.Encode(fault)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s.eng.Close()
	return errors.Join(err, closeAll())
}

func openChild(ctx context.Context, config childConfig) (*engineSide, func() error, error) {
	parsed, err := pgx.ParseConfig(config.DSN)
	if err != nil {
		return nil, nil, err
	}
	c := &cluster{config: parsed}
	store, err := c.store(config.Database, config.Role)
	if err != nil {
		return nil, nil, err
	}
	eng, err := operations.New(store, operations.Config{CacheBytes: engineCache, Committers: config.Committers})
	if err != nil {
		return nil, nil, errors.Join(err, c.close())
	}
	s := &engineSide{eng: eng, store: store, callers: config.Callers, books: make([]engineBook, len(config.Books)), teller: tellerOf("bench")}
	for i, b := range config.Books {
		scope, err := eng.Gate().Enter(ctx, s.teller, b.Customer, "")
		if err != nil {
			return nil, nil, errors.Join(err, c.close())
		}
		s.books[i] = engineBook{scope, b.Current, b.Savings}
	}
	return s, c.close, nil
}

// two is R11: two engines in processes of their own against one, with as many
// callers in all.
func (f *field) two(ctx context.Context) error {
	if !f.only.any("R11") {
		return nil
	}
	books := min(f.sizes.books, loneBooks)
	w := newWorkload(books)
	first := w.next(max(f.sizes.tasks/4, 1))
	l := &load{w: w, tasks: f.sizes.tasks}
	var one *entrant
	for _, s := range []struct {
		name, of string
		engines  int
		shared   bool
	}{
		{"one engine in a process of its own", "alone", 1, false},
		{"  two, each on half of the books", "halves", 2, false},
		{"  two, each on all books", "shared", 2, true},
	} {
		side, err := f.processes(ctx, s.of, books, s.engines, s.shared)
		if err == nil {
			err = side.run(ctx, first)
		}
		if err != nil {
			return err
		}
		e := &entrant{name: s.name, side: side}
		if one == nil {
			one = e
		} else {
			e.notes = []note{{id: "R11", with: one, what: "of one engine's speed"}}
		}
		l.all = append(l.all, e)
	}
	f.loads = append(f.loads, l)
	return nil
}
