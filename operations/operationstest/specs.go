package operationstest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// complete are the details an account of this kind needs and all it may have.
func complete(kind accounts.Kind) (needed, possible []string) {
	all := accounts.Details{Bank: "-", Branch: "-", Number: "-", PixKey: "-"}
	if kind == accounts.Crypto {
		all = accounts.Details{Network: "-", Address: "-"}
	}
	return accounts.Account{Kind: kind}.Missing(), all.Configured()
}

// effects open the account and bring it to its balance.
func (a AccountSpec) effects(assets accounts.Assets) (operations.Effects, accounts.Asset, error) {
	asset, ok := assets.Lookup(a.Asset)
	if !ok {
		return operations.Effects{}, asset, fmt.Errorf("asset %q is not in the spec's assets", a.Asset)
	}
	set(&a.Status, accounts.Active)
	needed, possible := complete(asset.Kind)
	configured := a.Configured
	switch {
	case a.Incomplete:
		configured = nil
	case len(configured) == 0:
		configured = needed
	}
	posted, err1 := amountOf("posted", a.Posted, asset.Scale)
	held, err2 := amountOf("held", a.Held, asset.Scale)
	limit, err3 := amountOf("limit", a.DebtLimit, asset.Scale)
	errs := []error{a.ID.Validate(), err1, err2, err3}
	if held.IsNegative() || limit.IsNegative() {
		errs = append(errs, errors.New("held and limit must not be below zero"))
	}
	if !a.Status.Stored() {
		errs = append(errs, fmt.Errorf("status %q is not one an account can be given", a.Status))
	}
	if _, err := accounts.ParseDirections(string(a.Directions)); err != nil {
		errs = append(errs, err)
	}
	for _, name := range configured {
		if !slices.Contains(possible, name) {
			errs = append(errs, fmt.Errorf("configured has %q, which is not a detail of %s accounts", name, asset.Kind))
		}
	}
	fx := operations.Effects{
		Accounts: []operations.AccountEffect{{
			ID: a.ID, Asset: asset.Code, Kind: asset.Kind, Scale: asset.Scale, Status: a.Status,
			Directions: a.Directions, DebtLimit: accounts.Exact(limit), Configured: configured,
		}},
		Postings: against(accounts.Customer(a.ID), asset.Code, posted),
	}
	if held.IsPositive() {
		fx.Holds = []operations.HoldEffect{{Operation: "operationstest-unlisted", Account: a.ID, Amount: accounts.Exact(held)}}
	}
	return fx, asset, errors.Join(errs...)
}

// events make the operation and bring it to its state, along the lifecycle.
func (o OperationSpec) events(id operations.OperationID, at time.Time, known map[accounts.ID]accounts.Asset) ([]event, error) {
	if o.Request == nil {
		return nil, errors.New("request is required")
	}
	set(&o.ID, id)
	set(&o.State, operations.Executing)
	set(&o.Maker, Operator())
	set(&o.Created, at)
	order := o.Request.Order()
	terms := o.Terms
	if len(terms.Postings) == 0 {
		var err error
		if terms, err = plain(order, known); err != nil {
			return nil, err
		}
	}
	if o.State.Final() || !slices.Contains(operations.States(), o.State) {
		return nil, fmt.Errorf("state %q is not that of an open operation", o.State)
	}
	var content int64
	if o.State == operations.AwaitingApproval {
		content = 1
		if terms.Approval == nil {
			terms.Approval = &operations.ApprovalTerm{Policies: []string{"operationstest"}, Persons: 1, Within: 24 * time.Hour}
		}
		set(&terms.Expires, o.Created.Add(terms.Approval.Within).UTC())
	}
	var counted *operations.Counted
	if len(o.Counts) > 0 {
		counted = &operations.Counted{Day: operations.Day(o.Created.UTC().Format(time.DateOnly)), Amount: order.Amount, Counters: o.Counts}
	}
	path := []operations.State{o.State}
	if o.State == operations.Unresolved {
		path = []operations.State{operations.Executing, operations.Unresolved}
	}
	var created int64
	var createdAt time.Time
	var all []event
	for i, state := range path {
		all = append(all, event{
			at: o.Created, action: operations.ActSubmit, subject: o.ID,
			effects: func(seq int64, now time.Time) operations.Effects {
				if i == 0 {
					created, createdAt = seq, now
				}
				op := operations.Operation{
					ID: o.ID, Version: int64(i + 1), State: state, Order: order, Terms: terms, Maker: o.Maker,
					Created: created, CreatedAt: createdAt, Updated: seq, UpdatedAt: now, Content: content,
					Counted: counted,
				}
				fx := operations.Effects{Operations: []operations.Operation{op}}
				if i == 0 && state.Holds() {
					for _, h := range terms.Holds {
						fx.Holds = append(fx.Holds, operations.HoldEffect{Operation: o.ID, Account: h.Account, Amount: h.Amount})
					}
				}
				return fx
			},
		})
	}
	return all, tenancy.CheckID("id", string(o.ID))
}

// plain are the terms of an order that costs nothing beside its amount.
func plain(o operations.Order, known map[accounts.ID]accounts.Asset) (operations.Terms, error) {
	via := o.Via
	set(&via, operations.DeskName)
	from, to := accounts.Clearing(via), accounts.Clearing(via)
	t := operations.Terms{Provider: via}
	for _, side := range []struct {
		id     accounts.ID
		ref    *accounts.Ref
		amount *accounts.Amount
	}{{o.From, &from, &t.Debit}, {o.To, &to, &t.Credit}} {
		if side.id == "" {
			continue
		}
		asset, ok := known[side.id]
		if !ok {
			return t, fmt.Errorf("account %q is not in the spec", side.id)
		}
		*side.ref, *side.amount, t.Asset = accounts.Customer(side.id), o.Amount, asset.Code
	}
	if o.From != "" {
		t.Holds = []operations.HoldTerm{{Account: o.From, Amount: o.Amount}}
	}
	if o.From != "" && o.To != "" {
		t.Provider = ""
	}
	if from == to {
		return t, errors.New("the order names no account; give it terms")
	}
	t.Postings = []accounts.Posting{
		{Ref: from, Asset: t.Asset, Amount: accounts.Exact(o.Amount.Neg())},
		{Ref: to, Asset: t.Asset, Amount: accounts.Exact(o.Amount.Decimal)},
	}
	return t, accounts.CheckAmount("amount", o.Amount.Decimal, scaleOf(o, known))
}

func scaleOf(o operations.Order, known map[accounts.ID]accounts.Asset) int32 {
	if a, ok := known[o.From]; ok {
		return a.Scale
	}
	return known[o.To].Scale
}
