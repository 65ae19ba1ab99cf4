package main

import (
	"context"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

const errand = "phone call of today, identity confirmed"

// entering shows who gets in, and what everyone always sees then.
func (m *demo) entering(ctx context.Context) error {
	m.part("Entering")
	m.sayf("Carla tries another customer: for her there is none.")
	_, _, err := m.enter(ctx, "carla", m.padaria, errand)
	if err := m.refusal(err, operations.ErrNotFound); err != nil {
		return err
	}
	m.sayf("Bruno gives no reason.")
	_, _, err = m.enter(ctx, "bruno", m.maria, "")
	if err := m.refusal(err, operations.ErrRefused); err != nil {
		return err
	}
	m.part("Context banner")
	s, maria, err := m.enter(ctx, "bruno", m.maria, errand)
	if err != nil {
		return err
	}
	banner, err := s.context(ctx, maria)
	if err != nil {
		return err
	}
	m.view(banner)
	s, padaria, err := m.enter(ctx, "bruno", m.padaria, errand)
	if err != nil {
		return err
	}
	m.sayf("In the bakery's context Maria's account does not exist.")
	plan, err := s.explain(ctx, padaria, operations.Withdrawal{From: m.main, Amount: brl(10_00)}.Order())
	if err != nil {
		return err
	}
	m.show(plan, func(p *page) {
		p.linef(strong, "%s", "Acting for "+plan.Context.Customer.called())
		plan.answer(p)
	})
	return nil
}

// theAccounts shows the accounts area.
func (m *demo) theAccounts(ctx context.Context) error {
	m.part("Accounts")
	return m.listAccounts(ctx)
}

func (m *demo) listAccounts(ctx context.Context) error {
	s, maria, err := m.enter(ctx, "bruno", m.maria, errand)
	if err != nil {
		return err
	}
	d, err := s.accounts(ctx, maria)
	if err != nil {
		return err
	}
	m.show(d, d.list)
	return nil
}

// whyNot explains a refusal with all reasons at once.
func (m *demo) whyNot(ctx context.Context) error {
	m.part("Why not")
	m.sayf("Carla asks whether R$ 80,000.00 could leave the savings account.")
	if err := m.explain(ctx, "carla", m.maria, operations.Withdrawal{From: m.savings, Amount: brl(80_000_00)}); err != nil {
		return err
	}
	m.sayf("João is suspended; nothing new begins for him.")
	return m.explain(ctx, "bruno", m.joao, operations.Deposit{To: m.joaos, Amount: brl(10_00)})
}

func (m *demo) explain(ctx context.Context, operator string, c tenancy.CustomerID, q operations.Request) error {
	s, scope, err := m.enter(ctx, operator, c, errand)
	if err != nil {
		return err
	}
	d, err := s.explain(ctx, scope, q.Order())
	if err != nil {
		return err
	}
	m.show(d, d.answer)
	return nil
}

// theOperation prepares, modifies and executes one withdrawal and cancels another.
func (m *demo) theOperation(ctx context.Context) error {
	m.part("Operation")
	s, maria, err := m.enter(ctx, "bruno", m.maria, errand)
	if err != nil {
		return err
	}
	m.sayf("Bruno prepares a withdrawal; nothing is held yet, and these are all its terms:")
	prepared, err := m.desk.eng.Prepare(ctx, maria, key(), operations.Withdrawal{From: m.main, Amount: brl(1_500_00), Purpose: "rent"})
	if err != nil {
		return err
	}
	m.deed = prepared.Operation.ID
	if err := m.readBack(ctx, s, maria, m.deed); err != nil {
		return err
	}
	m.sayf("Maria wants more; he modifies it, and it is priced again.")
	modified, err := m.desk.eng.Modify(ctx, maria, key(), prepared.Operation.Ref(), operations.Modification{Amount: brl(1_750_00)})
	if err != nil {
		return err
	}
	if err := m.readBack(ctx, s, maria, m.deed); err != nil {
		return err
	}
	m.sayf("A page that still shows version 1 cannot execute it.")
	_, err = m.desk.eng.Execute(ctx, maria, key(), prepared.Operation.Ref())
	if err := m.refusal(err, operations.ErrConflict); err != nil {
		return err
	}
	m.sayf("Carla, who may only prepare, cannot execute it either; her attempt is recorded.")
	_, hers, err := m.enter(ctx, "carla", m.maria, errand)
	if err != nil {
		return err
	}
	_, err = m.desk.eng.Execute(ctx, hers, key(), modified.Operation.Ref())
	if err := m.refusal(err, operations.ErrRefused); err != nil {
		return err
	}
	m.sayf("Bruno executes version 2.")
	if _, err := m.desk.eng.Execute(ctx, maria, key(), modified.Operation.Ref()); err != nil {
		return err
	}
	if err := m.readBack(ctx, s, maria, m.deed); err != nil {
		return err
	}
	m.sayf("Another one is prepared and cancelled.")
	second, err := m.desk.eng.Prepare(ctx, maria, key(), operations.Withdrawal{From: m.coins, Amount: accounts.Exact(brl(5)).Decimal})
	if err != nil {
		return err
	}
	if _, err := m.desk.eng.Cancel(ctx, maria, key(), second.Operation.Ref()); err != nil {
		return err
	}
	return m.readBack(ctx, s, maria, second.Operation.ID)
}

// readBack shows an operation as the book has it now.
func (m *demo) readBack(ctx context.Context, s *seat, scope tenancy.Scope, id operations.OperationID) error {
	d, err := s.story(ctx, scope, id)
	if err != nil {
		return err
	}
	m.show(d, func(p *page) { p.operation(d.Operation, d.names, d.now) })
	return nil
}

// scheduled sets money aside for tomorrow.
func (m *demo) scheduled(ctx context.Context) error {
	m.part("Scheduled, with a hold")
	s, maria, err := m.enter(ctx, "bruno", m.maria, errand)
	if err != nil {
		return err
	}
	const day = 24 * time.Hour
	m.morning = m.clock.Now().UTC().Truncate(day).Add(day + 12*time.Hour) // nine o'clock in São Paulo
	m.sayf("A withdrawal for tomorrow morning: the money is held from now on.")
	res, err := m.desk.eng.Submit(ctx, maria, key(), operations.Withdrawal{From: m.main, Amount: brl(2_000_00), Purpose: "school fees", NotBefore: m.morning})
	if err != nil {
		return err
	}
	m.later = res.Operation.ID
	if err := m.readBack(ctx, s, maria, m.later); err != nil {
		return err
	}
	return m.listAccounts(ctx)
}

func (m *demo) operationsTable(ctx context.Context) error {
	m.part("Operations")
	s, maria, err := m.enter(ctx, "bruno", m.maria, errand)
	if err != nil {
		return err
	}
	d, err := s.history(ctx, maria, operations.HistoryFilter{}, "", 0)
	if err != nil {
		return err
	}
	m.show(d, d.list)
	m.sayf("The same table, only what waits:")
	if d, err = s.history(ctx, maria, operations.HistoryFilter{States: []operations.State{operations.Scheduled}}, "", 0); err != nil {
		return err
	}
	m.show(d, d.list)
	return nil
}

// actionControls shows the buttons of two operations to two operators.
func (m *demo) actionControls(ctx context.Context) error {
	m.part("Action controls")
	for _, c := range []struct {
		operator string
		id       operations.OperationID
		what     string
	}{
		{"bruno", m.later, "The scheduled withdrawal, as Bruno may handle it:"},
		{"carla", m.later, "The same one, as Carla may:"},
		{"bruno", m.deed, "The completed one:"},
	} {
		s, maria, err := m.enter(ctx, c.operator, m.maria, errand)
		if err != nil {
			return err
		}
		d, err := s.story(ctx, maria, c.id)
		if err != nil {
			return err
		}
		m.sayf("%s", c.what)
		m.show(d, func(p *page) { p.controls(d.Actions) })
	}
	return nil
}
