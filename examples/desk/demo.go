package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

type demoCmd struct {
	Rules bool `help:"Show the firm's rules at work instead: fees, limits, approvals, refunds, freezes and stops."`
}

// Run plays a demo on a database of its own: a file that is removed in the end,
// or with --store postgres the one that is named, where the firm of --firm must
// be new and stays.
func (x demoCmd) Run(ctx context.Context, c *caller) (err error) {
	at := place{store: sqlstore.Dialect(c.Store), dsn: c.DSN}
	if at.store == sqlstore.SQLite {
		dir, err := os.MkdirTemp("", "desk-demo-")
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		at.file = filepath.Join(dir, "demo.db")
	}
	m := &demo{caller: c, clock: newMovable(), page: c.out.page(c.out.stdout)}
	cfg, parts := config(c.assets, m.clock), m.screen()
	if x.Rules {
		r := &rulesDemo{demo: m}
		cfg, parts = r.config(), r.parts()
	}
	m.desk, err = open(ctx, at, tenancy.TenantID(c.Firm), true, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.desk.close()) }()
	for _, part := range parts {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if c.JSON {
		return c.out.show(m.told)
	}
	return m.page.err
}

// demo is one play. Everything it shows was read back from the engine; what it
// says beside that is what it is about to do.
type demo struct {
	*caller

	desk  *desk
	clock *movable
	page  *page
	told  demoDoc

	maria, padaria, joao        tenancy.CustomerID
	main, savings, coins, joaos accounts.ID
	deed, later                 operations.OperationID // the executed and the scheduled withdrawal
	morning                     time.Time              // when the scheduled one is due
}

// screen is every part of the operator's screen.
func (m *demo) screen() []func(context.Context) error {
	return []func(context.Context) error{
		m.theFirm, m.theCustomers, m.entering, m.theAccounts, m.whyNot, m.theOperation, m.scheduled,
		m.operationsTable, m.actionControls, m.theLogs, m.nextMorning, m.ownAccounts, m.verification,
	}
}

// demoDoc is the whole demo for programs.
type demoDoc struct {
	Parts []demoPart `json:"parts"`
}

type demoPart struct {
	Part  string `json:"part"`
	Shows []any  `json:"shows"`
}

func (demoDoc) draw(*page) {}

// part begins a part of the screen.
func (m *demo) part(name string) {
	m.told.Parts = append(m.told.Parts, demoPart{Part: name, Shows: []any{}})
	if !m.JSON {
		m.page.heading(name)
	}
}

// sayf tells what is about to be done.
func (m *demo) sayf(format string, args ...any) {
	if !m.JSON {
		m.page.linef(faint, "» "+format, args...)
	}
}

// show shows what was read back; draw is how it looks on the page.
func (m *demo) show(doc any, draw func(*page)) {
	last := &m.told.Parts[len(m.told.Parts)-1]
	last.Shows = append(last.Shows, doc)
	if !m.JSON {
		draw(m.page)
	}
}

func (m *demo) view(v view) { m.show(v, v.draw) }

// refusal shows an error that has to come, and fails the demo when it does not.
func (m *demo) refusal(err, class error) error {
	if !errors.Is(err, class) {
		return fmt.Errorf("demo: something else was expected here than: %w", err)
	}
	m.view(failureOf(err, ""))
	return nil
}

func (m *demo) as(operator, reason string) (*seat, error) {
	who, err := signIn(m.desk.firm, operator)
	return &seat{desk: m.desk, who: who, reason: reason}, err
}

// enter signs an operator in and opens a context for him.
func (m *demo) enter(ctx context.Context, operator string, c tenancy.CustomerID, reason string) (*seat, tenancy.Scope, error) {
	s, err := m.as(operator, reason)
	if err != nil {
		return nil, tenancy.Scope{}, err
	}
	scope, err := s.enter(ctx, c)
	return s, scope, err
}

// key is a fresh key: each thing here is meant once.
func key() operations.Intent { return operations.Intent{Key: uuid.NewString()} }

func brl(cents int64) decimal.Decimal { return decimal.New(cents, -2) }
