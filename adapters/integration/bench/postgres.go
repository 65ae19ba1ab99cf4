package main

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
)

const (
	// defaultCommitters did best of 1, 2 and 4 in one short run each on a busy
	// machine of two cores: to be measured again on an idle one. One batch is one
	// backend.
	defaultCommitters = 2

	handCallers     = 32 // connections of B1
	handConnections = 8  // of B2

	// coldCache is far less than the books that are cold.
	coldCache = 4 << 20

	// loneBooks are the books of R3.
	loneBooks = 1_000
)

// postgresSpeed is R1 to R4, R10 and R11.
func postgresSpeed(ctx context.Context, z sizes, only selection, r *report) (err error) {
	c, err := openCluster(ctx, z.dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	f := &field{cluster: c, sizes: z, only: only}
	defer func() {
		for _, s := range f.servers {
			err = errors.Join(err, s.close())
		}
	}()
	for _, add := range []func(context.Context) error{f.many, f.one, f.hot, f.cold, f.http, f.two} {
		if err := add(ctx); err != nil {
			return err
		}
	}
	if err := c.settle(ctx, f.databases...); err != nil {
		return err
	}
	if err := compare(ctx, z.rounds, f.loads...); err != nil {
		return err
	}
	r.speeds(f.loads...)
	return nil
}

// field is all who are measured on PostgreSQL.
type field struct {
	cluster   *cluster
	sizes     sizes
	only      selection
	databases []string
	loads     []*load
	engine    *entrant // of R1
	size      int      // of an entry
	servers   []interface{ close() error }
}

// side opens books in a database of their own.
func (f *field) side(ctx context.Context, name, role string, config engineConfig) (*engineSide, error) {
	database, err := f.cluster.database(ctx, name)
	if err != nil {
		return nil, err
	}
	f.databases = append(f.databases, database)
	store, err := f.cluster.store(database, role)
	if err != nil {
		return nil, err
	}
	config.committers = f.sizes.committers
	if config.store != nil {
		return newEngineSide(ctx, config.store(store), config)
	}
	return newEngineSide(ctx, store, config)
}

func (f *field) baseline(ctx context.Context, name string, books, connections int, batches bool) (*postgresBaseline, error) {
	database, err := f.cluster.database(ctx, name)
	if err != nil {
		return nil, err
	}
	f.databases = append(f.databases, database)
	var pool *pgxpool.Pool
	if pool, err = f.cluster.native(ctx, database, connections); err != nil {
		return nil, err
	}
	return newPostgresBaseline(ctx, pool, books, f.size, connections, batches)
}

// many is R1 and R2: many callers over warm books.
func (f *field) many(ctx context.Context) error {
	if !f.only.any("R1", "R2", "R3", "R4") {
		return nil
	}
	z, w := f.sizes, newWorkload(f.sizes.books)
	config := engineConfig{books: z.books, callers: z.callers}
	engine, err := f.side(ctx, "engine", f.cluster.app(), config)
	if err != nil {
		return err
	}
	first := w.next(max(z.tasks/4, 1))
	if err := engine.run(ctx, first); err != nil {
		return err
	}
	if f.size, err = engine.entrySize(ctx); err != nil {
		return err
	}
	f.engine = &entrant{name: "engine on PostgreSQL, under row-level security", side: engine}
	l := &load{w: w, tasks: z.tasks}
	f.loads = append(f.loads, l)
	if f.only.any("R1") {
		b2, err := f.baseline(ctx, "b2", z.books, handConnections, true)
		if err == nil {
			err = b2.run(ctx, first)
		}
		if err != nil {
			return err
		}
		e := &entrant{name: "B2 by hand, batches", side: b2}
		f.engine.notes = append(f.engine.notes, note{id: "R1", with: e, what: "of B2 speed"})
		l.all = append(l.all, e)
	}
	if f.only.any("R2") {
		b1, err := f.baseline(ctx, "b1", z.books, handCallers, false)
		if err == nil {
			err = b1.run(ctx, first)
		}
		if err != nil {
			return err
		}
		e := &entrant{name: "B1 by hand, one by one", side: b1}
		f.engine.notes = append(f.engine.notes, note{id: "R2", with: e, what: "of B1 speed"})
		l.all = append(l.all, e)
	}
	l.all = append(l.all, f.engine)
	if !f.only.any("R1") {
		return nil
	}
	free, err := f.side(ctx, "free", "", config)
	if err == nil {
		err = free.run(ctx, first)
	}
	if err != nil {
		return err
	}
	l.all = append(l.all, &entrant{name: "  without row-level security", side: free, notes: []note{{with: f.engine, what: "of R1 speed"}}})
	config.store = func(s *sqlstore.Store) operations.Store { return reckless{s} }
	loose, err := f.side(ctx, "loose", f.cluster.app(), config)
	if err == nil {
		err = loose.run(ctx, first)
	}
	l.all = append(l.all, &entrant{name: "  without the operators' locks", side: loose, notes: []note{{with: f.engine, what: "of R1 speed"}}})
	return err
}

// reckless is a store that holds no operator while a batch relies on him: what
// grants cost in the hot path is what it is faster.
type reckless struct{ *sqlstore.Store }

func (s reckless) Commit(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
	bare := slices.Clone(runs)
	for i := range bare {
		bare[i].Relies = nil
	}
	return s.Store.Commit(ctx, bare)
}

// one is R3: one caller, against one connection.
func (f *field) one(ctx context.Context) error {
	if !f.only.any("R3") {
		return nil
	}
	books := min(f.sizes.books, loneBooks)
	engine, err := f.side(ctx, "lone", f.cluster.app(), engineConfig{books: books, callers: 1})
	if err != nil {
		return err
	}
	b1, err := f.baseline(ctx, "b1_lone", books, 1, false)
	if err != nil {
		return err
	}
	w := newWorkload(books)
	first := w.next(max(f.sizes.loneTasks/4, 1))
	if err := errors.Join(engine.run(ctx, first), b1.run(ctx, first)); err != nil {
		return err
	}
	engine.on, b1.on = true, true
	by := &entrant{name: "B1 by hand, one connection", side: b1}
	f.loads = append(f.loads, &load{w, f.sizes.loneTasks, []*entrant{
		by, {name: "engine on PostgreSQL, one caller", side: engine, notes: []note{{id: "R3", with: by, what: "of B1 time", slow: true}}},
	}})
	return nil
}

// hot is R4: all callers on one customer.
func (f *field) hot(ctx context.Context) error {
	if !f.only.any("R4") {
		return nil
	}
	engine, err := f.side(ctx, "hot", f.cluster.app(), engineConfig{books: 1, callers: f.sizes.callers})
	if err != nil {
		return err
	}
	w := newWorkload(1)
	f.loads = append(f.loads, &load{w, f.sizes.tasks, []*entrant{
		{name: "engine on PostgreSQL, one customer", side: engine, notes: []note{{id: "R4", with: f.engine, what: "of R1 speed"}}},
	}})
	return engine.run(ctx, w.next(max(f.sizes.tasks/4, 1)))
}

// cold stands beside R1: books that are not in the cache.
func (f *field) cold(ctx context.Context) error {
	if !f.only.any("R1") {
		return nil
	}
	z := f.sizes
	engine, err := f.side(ctx, "cold", f.cluster.app(), engineConfig{books: z.coldBooks, callers: z.callers, cache: coldCache})
	if err != nil {
		return err
	}
	engine.sampled = max(z.coldBooks/1000, 1)
	f.loads = append(f.loads, &load{newWorkload(z.coldBooks), z.coldTasks, []*entrant{
		{name: "engine on PostgreSQL, cold books", side: engine, notes: []note{{with: f.engine, what: "of R1 speed"}}},
	}})
	return nil
}

// http is R10: as many callers of the API as of the engine.
func (f *field) http(ctx context.Context) error {
	if !f.only.any("R10") {
		return nil
	}
	config := engineConfig{books: min(f.sizes.books, loneBooks), callers: httpConnections}
	engine, err := f.side(ctx, "direct", f.cluster.app(), config)
	if err != nil {
		return err
	}
	served, err := f.side(ctx, "served", f.cluster.app(), config)
	if err != nil {
		return err
	}
	api, err := newHTTPSide(ctx, served)
	if api != nil {
		f.servers = append(f.servers, api)
	}
	if err != nil {
		return err
	}
	w := newWorkload(config.books)
	first := w.next(max(f.sizes.tasks/4, 1))
	if err := errors.Join(engine.run(ctx, first), api.run(ctx, first)); err != nil {
		return err
	}
	direct := &entrant{name: "engine on PostgreSQL, 32 callers", side: engine}
	f.loads = append(f.loads, &load{w, f.sizes.tasks, []*entrant{
		direct, {name: "  by HTTP, 32 connections", side: api, notes: []note{{id: "R10", with: direct, what: "of the engine's speed"}}},
	}})
	return nil
}
