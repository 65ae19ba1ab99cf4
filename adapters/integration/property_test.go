package integration_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestEveryPromiseHoldsAfterEveryStepInMemory(t *testing.T) {
	t.Parallel()
	runProperty(t, atLeast(4_000, 20_000, 200_000), func(clock func() time.Time) ([]*world, func()) {
		return []*world{newWorld("memory", memory.New(), clock)}, func() {}
	})
}

func TestEveryPromiseHoldsAfterEveryStepInSQLite(t *testing.T) {
	t.Parallel()
	fresh := sqliteCopies(t)
	runProperty(t, atLeast(400, 2_000, 20_000), func(clock func() time.Time) ([]*world, func()) {
		store, done := fresh()
		return []*world{newWorld("sqlite", store, clock)}, done
	})
}

func TestBothStoresTellAndKeepTheSameBytes(t *testing.T) {
	t.Parallel()
	fresh := sqliteCopies(t)
	runProperty(t, atLeast(200, 200, 1_000), func(clock func() time.Time) ([]*world, func()) {
		store, done := fresh()
		return []*world{newWorld("memory", memory.New(), clock), newWorld("sqlite", store, clock)}, done
	})
}

func TestEveryPromiseHoldsAfterEveryStepInPostgreSQL(t *testing.T) {
	t.Parallel()
	fresh := postgresTurns(t)
	runProperty(t, atLeast(200, 2_000, 20_000), func(clock func() time.Time) ([]*world, func()) {
		store, done := fresh()
		return []*world{newWorld("postgres", store, clock)}, done
	})
}

func TestAllThreeStoresTellAndKeepTheSameBytes(t *testing.T) {
	t.Parallel()
	inFile, onServer := sqliteCopies(t), postgresTurns(t)
	runProperty(t, atLeast(100, 400, 4_000), func(clock func() time.Time) ([]*world, func()) {
		file, remove := inFile()
		server, empty := onServer()
		return []*world{newWorld("memory", memory.New(), clock), newWorld("sqlite", file, clock), newWorld("postgres", server, clock)},
			func() { remove(); empty() }
	})
}

// postgresTurns gives one database again and again, emptied after each use.
func postgresTurns(t *testing.T) func() (operations.Store, func()) {
	t.Helper()
	d := takePostgres(t)
	store, err := sqlstore.New(d.app, sqlstore.PostgreSQL, sqlstore.Config{Workers: d.worker})
	require.NoError(t, err)
	return func() (operations.Store, func()) {
		return store, func() { must(wipe(d.owner)) }
	}
}

// sqliteCopies gives new databases, each a copy of one that has its tables. They
// need not outlive the process, so the disk is not waited for.
func sqliteCopies(t *testing.T) func() (operations.Store, func()) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "template.db")
	db := openSQLite(t, sqlstore.SQLiteDSN(path)+"&_pragma=journal_mode(DELETE)", 1)
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	require.NoError(t, db.Close())
	template, err := os.ReadFile(path)
	require.NoError(t, err)
	var n atomic.Int64
	return func() (operations.Store, func()) {
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n.Add(1)))
		must(os.WriteFile(path, template, 0o600))
		db := openDB(sqlstore.SQLiteDSN(path) + "&_pragma=synchronous(OFF)")
		store, err := sqlstore.New(db, sqlstore.SQLite)
		must(err)
		return store, func() { must(db.Close()); must(os.Remove(path)) }
	}
}

func runProperty(t *testing.T, most int, worlds func(clock func() time.Time) ([]*world, func())) {
	t.Helper()
	var steps atomic.Int64
	outcomes := map[string]int{}
	for int(steps.Load()) < most {
		rapid.Check(t, func(rt *rapid.T) {
			m := newModel(epoch())
			all, done := worlds(func() time.Time { return m.clock })
			defer done()
			defer func() {
				for _, w := range all {
					w.eng.Close()
				}
			}()
			begin(m, all)
			d := &draws{t: rt, m: m}
			rt.Repeat(map[string]func(*rapid.T){"step": func(rt *rapid.T) {
				d.t = rt
				s := d.next()
				out := take(rt, d, all, s)
				outcomes[s.Do+": "+out.Class]++
				for _, code := range out.Codes {
					if out.Class == "refused" {
						outcomes["refused as "+strings.Fields(code)[0]]++
					}
				}
				for id := range m.touched {
					for _, i := range m.books[id].incidents {
						if i.seq == m.books[id].seq {
							outcomes["incident "+i.code]++
						}
					}
				}
				steps.Add(1)
			}})
			for _, w := range all {
				w.final(rt, m)
			}
		})
	}
	t.Logf("%d steps", steps.Load())
	never := slices.DeleteFunc(rarities(), func(rare string) bool { return outcomes[rare] > 0 })
	if steps.Load() >= 200_000 {
		require.Empty(t, never)
	}
	for _, line := range slices.Sorted(func(yield func(string) bool) {
		for k, n := range outcomes {
			if !yield(fmt.Sprintf("%s: %d", k, n)) {
				return
			}
		}
	}) {
		t.Log(line)
	}
}

// rarities are what a long run must have come by, or it tests less than it says.
func rarities() []string {
	return []string{
		"incident account_closed", "incident account_overdrawn", "incident answer_mismatch",
		"incident contradicting_answer", "incident reversed_twice", "refused as amount_out_of_range", "refused as balance_not_zero",
		"refused as grant_exceeds_own", "refused as grant_unknown", "refused as house_only", "refused as limit_below_use",
		"refused as operations_open", "refused as operator_suspended", "refused as operator_unknown", "refused as own_grant", "refused as terms_expired",
		"reinstate: ok", "report: invalid", "revoke: ok", "suspend: ok",
	}
}

// others are the operators beside the administrator, and who they are.
func others() map[string]string {
	return map[string]string{"ben": "p-ben", "eve": "p-eve", "annie": "p-ana"}
}

// begin sets up two firms, and in one of them others with nothing.
func begin(m *model, all []*world) {
	ctx := context.Background()
	for _, tenant := range []tenancy.TenantID{"acme", "zeta"} {
		admin := adminOf(tenant)
		house := operations.BookID{Tenant: tenant, Customer: tenancy.House}
		m.open(house).seq = 1
		m.books[house].at = m.clock
		everything := tenancy.NewPermissions(tenancy.AllPermissions()...)
		m.books[house].grants = []*modelGrant{{id: "own", operator: admin, permissions: everything}}
		m.operators[operatorOf{tenant, admin}] = &modelOperator{person: "p-" + admin, grants: []*modelGrant{{id: "all", operator: admin, permissions: everything}}}
		if tenant == "acme" {
			for id, person := range others() {
				m.books[house].seq++
				m.books[house].keys[id] = modelKey{}
				m.operators[operatorOf{tenant, id}] = &modelOperator{person: person}
			}
		}
		for _, w := range all {
			_, err := w.eng.Bootstrap(ctx, tenancy.Firm{Tenant: tenant, Admin: principal(tenant, admin)})
			must(err)
			if tenant == "acme" {
				for _, id := range slices.Sorted(maps.Keys(others())) {
					_, err = w.eng.Manage(ctx, w.look(house), operations.Intent{Key: id}, tenancy.Register{Operator: tenancy.OperatorID(id), Person: tenancy.PersonID(others()[id])})
					must(err)
				}
			}
			found, err := w.store.Find(ctx, house, operations.Want{})
			must(err)
			w.seen[house] = found.Head
			_, w.before[house] = w.projection(house)
		}
	}
}

// take has one step made by the model and in every world, and compares.
func take(t *rapid.T, d *draws, all []*world, s step) outcome {
	m := d.m
	switch s.Do {
	case "walk":
		for _, w := range all {
			w.walk(t, m.books[s.Book], s)
		}
		return outcome{Class: "ok"}
	case "verify":
		for _, w := range all {
			v, err := w.eng.Book(w.look(s.Book)).Verify(context.Background())
			must(err)
			if !v.Sound() {
				t.Fatalf("%s: %v", w.name, v.Faults)
			}
		}
		return outcome{Class: "ok"}
	case "explain":
		return explain(t, d, all, s)
	}
	got := all[0].run(s)
	want := m.apply(s, got)
	if !slices.Contains([]string{"advance", "reopen", "enter", "report", "work", "close incident"}, s.Do) {
		d.past = append(d.past, s) // it could be sent again under its key
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("step %v\n%s told %+v\nthe model %+v\n%s", s, all[0].name, got, want, &all[0].log)
	}
	for _, w := range all[1:] {
		if other := w.run(s); !reflect.DeepEqual(other, want) { // I36
			t.Fatalf("step %v\n%s told %+v\nthe model %+v\n%s", s, w.name, other, want, &w.log)
		}
	}
	t.Logf("step %v: %+v", s, want)
	for _, w := range all {
		w.check(t, m, s, want)
	}
	for _, w := range all[1:] { // I36: byte for byte
		for _, id := range m.ids() {
			if w.seen[id] != all[0].seen[id] {
				t.Fatalf("book %s: %s has head %v, %s %v", id, w.name, w.seen[id], all[0].name, all[0].seen[id])
			}
			if w.before[id] != all[0].before[id] {
				t.Fatalf("book %s:\n%s has %s\n%s has %s", id, w.name, w.before[id], all[0].name, all[0].before[id])
			}
		}
	}
	return want
}

// explain holds the preview against what the real thing then does (I14).
func explain(t *rapid.T, d *draws, all []*world, s step) outcome {
	var told []string
	for _, w := range all {
		plan, err := w.eng.Explain(context.Background(), w.scope(s), s.request())
		out := failure(err)
		for _, u := range plan.Unmet {
			out.Codes = append(out.Codes, u.Code+" "+u.Subject)
		}
		told = append(told, out.Class+fmt.Sprint(tidy(out.Codes)))
	}
	s.Do = "submit"
	out := take(t, d, all, s)
	if !slices.Contains([]string{"ok", "refused", "invalid"}, out.Class) || s.By != adminOf(s.Book.Tenant) {
		return out
	}
	want := out.Class + fmt.Sprint(tidy(out.Codes))
	if out.Class == "refused" && !slices.Contains(out.Codes, "scope_required scope") && !slices.Contains(out.Codes, "scope_expired scope") {
		want = "ok" + fmt.Sprint(tidy(out.Codes))
	}
	for _, got := range told {
		if got != want {
			t.Fatalf("step %v\nthe preview told %s\nthe real thing %s", s, got, want)
		}
	}
	return out
}
