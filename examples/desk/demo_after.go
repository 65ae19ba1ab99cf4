package main

import (
	"context"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// theLogs shows a statement and the journal.
func (m *demo) theLogs(ctx context.Context) error {
	m.part("Statement")
	s, maria, err := m.enter(ctx, "bruno", m.maria, errand)
	if err != nil {
		return err
	}
	statement, err := s.statement(ctx, maria, operations.StatementFilter{Account: accounts.Customer(m.main)}, "", 0)
	if err != nil {
		return err
	}
	m.show(statement, statement.list)
	m.part("Journal")
	m.sayf("Who did what, for whom and why; each entry carries the hash of the one before.")
	journal, err := s.journal(ctx, maria, 0, 0)
	if err != nil {
		return err
	}
	m.show(journal, journal.list)
	return nil
}

// nextMorning lets the clock go on and does what has become due.
func (m *demo) nextMorning(ctx context.Context) error {
	m.part("The next morning")
	m.clock.set(m.morning.Add(time.Minute))
	m.sayf("The clock is moved on; the work that is due is done by the engine itself.")
	done, err := m.desk.eng.Work(ctx, operations.Budget{})
	if err != nil {
		return err
	}
	m.view(workDoc(done))
	s, maria, err := m.enter(ctx, "bruno", m.maria, errand) // yesterday's context has ended
	if err != nil {
		return err
	}
	if err := m.readBack(ctx, s, maria, m.later); err != nil {
		return err
	}
	return m.listAccounts(ctx)
}

// ownAccounts is the same screen with the firm itself as its context.
func (m *demo) ownAccounts(ctx context.Context) error {
	m.part("The firm's own dashboard")
	s, house, err := m.enter(ctx, "ana", tenancy.House, "")
	if err != nil {
		return err
	}
	opened, err := m.desk.eng.Manage(ctx, house, key(), accounts.Open{
		Name: "Operating", Currency: "BRL", Details: accounts.Details{Bank: "001", Branch: "0001", Number: "1000-1"},
	})
	if err != nil {
		return err
	}
	if _, err := m.desk.eng.Submit(ctx, house, key(), operations.Deposit{To: opened.Account, Amount: brl(250_000_00), Purpose: "capital"}); err != nil {
		return err
	}
	d, err := s.accounts(ctx, house)
	if err != nil {
		return err
	}
	m.view(d)
	return nil
}

// verification verifies every book of the firm.
func (m *demo) verification(ctx context.Context) error {
	m.part("Verification")
	s, err := m.as("ana", "verification")
	if err != nil {
		return err
	}
	d, err := s.verifyAll(ctx)
	if err != nil {
		return err
	}
	m.view(d)
	return d.err()
}
