package main

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// historyDoc is a page of the operations table, newest first.
type historyDoc struct {
	Context    contextDoc             `json:"context"`
	Operations []operations.Operation `json:"operations"`
	NextCursor string                 `json:"next_cursor,omitempty"`

	names names
}

func (s *seat) history(ctx context.Context, scope tenancy.Scope, q operations.HistoryFilter, cursor string, limit int) (historyDoc, error) {
	var d historyDoc
	list, err := s.accounts(ctx, scope)
	if err != nil {
		return d, err
	}
	found, err := s.eng.Book(scope).History(ctx, q, cursor, limit)
	if err != nil {
		return d, fmt.Errorf("list operations: %w", err)
	}
	return historyDoc{Context: list.Context, Operations: found.Items, NextCursor: found.Next, names: list.names()}, nil
}

func (d historyDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d historyDoc) list(p *page) {
	rows := make([][]cell, len(d.Operations))
	for i, o := range d.Operations {
		rows[i] = []cell{
			is(clockTime(o.CreatedAt)), is(o.Order.Kind), is(d.names.route(o.Order)), is(p.money(o.Order.Amount.Decimal, o.Terms.Asset)),
			toned(statusTone(string(o.State)), string(o.State)), is(fmt.Sprint(o.Version)), is(maker(o.Maker)), is(string(o.ID)),
		}
	}
	p.table([]column{col("created"), col("kind"), wide("accounts", 32), num("amount"), col("state"), num("version"), col("by"), col("operation")}, rows)
	if d.NextCursor != "" {
		p.linef(faint, "more with --cursor %s", d.NextCursor)
	}
}

func maker(a tenancy.Actor) string {
	if a.Kind == tenancy.OperatorActor {
		return called(a.ID)
	}
	return string(a.Kind) + " " + a.ID
}

// statementDoc is a page of one account's statement, newest first.
type statementDoc struct {
	Context    contextDoc   `json:"context"`
	Account    accounts.Ref `json:"account"`
	Lines      []lineDoc    `json:"lines"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

type lineDoc struct {
	Seq       int64                  `json:"seq"`
	At        string                 `json:"at"`
	Operation operations.OperationID `json:"operation,omitempty"`
	Asset     string                 `json:"asset"`
	Amount    accounts.Amount        `json:"amount"`
	Balance   accounts.Amount        `json:"balance"`
}

func (s *seat) statement(ctx context.Context, scope tenancy.Scope, q operations.StatementFilter, cursor string, limit int) (statementDoc, error) {
	banner, err := s.context(ctx, scope)
	if err != nil {
		return statementDoc{}, err
	}
	found, err := s.eng.Book(scope).Statement(ctx, q, cursor, limit)
	if err != nil {
		return statementDoc{}, fmt.Errorf("list postings: %w", err)
	}
	d := statementDoc{Context: banner, Account: q.Account, Lines: make([]lineDoc, len(found.Items)), NextCursor: found.Next}
	for i, r := range found.Items {
		d.Lines[i] = lineDoc{
			Seq: r.Seq, At: clockTime(r.At), Operation: r.Operation, Asset: r.Asset,
			Amount: accounts.Exact(r.Amount), Balance: accounts.Exact(r.Balance),
		}
	}
	return d, nil
}

func (d statementDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d statementDoc) list(p *page) {
	rows := make([][]cell, len(d.Lines))
	for i, l := range d.Lines {
		t := good
		if l.Amount.IsNegative() {
			t = bad
		}
		rows[i] = []cell{
			is(fmt.Sprint(l.Seq)), is(l.At), toned(t, p.figure(l.Amount.Decimal, l.Asset)),
			is(p.figure(l.Balance.Decimal, l.Asset)), is(l.Asset), is(string(l.Operation)),
		}
	}
	p.table([]column{num("entry"), col("at"), num("amount"), num("balance"), col("asset"), col("operation")}, rows)
	if d.NextCursor != "" {
		p.linef(faint, "more with --cursor %s", d.NextCursor)
	}
}
