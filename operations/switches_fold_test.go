package operations

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// folds puts entries with these effects on a book, until one is not taken.
func folds(t *testing.T, id BookID, all ...Effects) (*Folded, error) {
	t.Helper()
	f := Empty(id)
	for i := range all {
		seq := f.head.Seq + 1
		e := &Entry{
			Format: Format, Tenant: id.Tenant, Customer: id.Customer, Seq: seq, Prev: f.head.Hash, At: when(seq),
			Action: ActExecute, Actors: []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "ana", Person: "p-ana"}}, Effects: all[i],
		}
		s, err := Seal(e)
		require.NoError(t, err)
		n, err := Fold(f, e, s.Hash)
		if err != nil {
			return f, err
		}
		f = n
	}
	return f, nil
}

func when(seq int64) time.Time {
	return time.Date(2026, time.November, 22, 9, 0, int(seq), 0, time.UTC)
}

func rowOfSwitches(version int64, stops ...tenancy.Stopped) Effects {
	return Effects{Operators: []tenancy.Operator{{ID: tenancy.Switches, Version: version, Stops: stops}}}
}

func TestFoldRefusesSwitchesThatCouldNotHaveBeenThrown(t *testing.T) {
	t.Parallel()
	home := BookID{Tenant: "acme", Customer: tenancy.House}
	stop := func(subject string, seq int64) tenancy.Stopped {
		return tenancy.Stopped{Subject: subject, Reason: "r", Seq: seq, At: when(seq)}
	}
	firm, kind := stop("firm", 1), stop("kind:deposit", 1)
	f, err := folds(t, home, rowOfSwitches(1, firm, kind), rowOfSwitches(2, kind), rowOfSwitches(3, stop("firm", 3), kind))
	require.NoError(t, err)
	require.Equal(t, []tenancy.Stopped{stop("firm", 3), kind}, f.stops())
	require.Zero(t, f.operatorsIn())

	many := Effects{Operators: []tenancy.Operator{{ID: tenancy.Switches, Version: 1}}}
	for i := range tenancy.MaxStops + 1 {
		many.Operators[0].Stops = append(many.Operators[0].Stops, stop(fmt.Sprintf("kind:k%03d", i), 1))
	}
	changed, moved, late, unsaid, dated := firm, firm, firm, firm, stop("firm", 2)
	changed.Reason, moved.Seq, late.At, unsaid.Reason, dated.At = "other", 2, when(2), " ", when(9)
	for name, all := range map[string][]Effects{
		"another version":         {rowOfSwitches(2)},
		"out of order":            {rowOfSwitches(1, kind, firm)},
		"twice":                   {rowOfSwitches(1, firm, firm)},
		"of nothing":              {rowOfSwitches(1, stop("kind:", 1))},
		"no reason":               {rowOfSwitches(1, unsaid)},
		"too many":                {many},
		"thrown before":           {rowOfSwitches(1), rowOfSwitches(2, stop("firm", 1))},
		"at another time":         {rowOfSwitches(1), rowOfSwitches(2, dated)},
		"another reason since":    {rowOfSwitches(1, firm), rowOfSwitches(2, changed)},
		"another entry since":     {rowOfSwitches(1, firm), rowOfSwitches(2, moved)},
		"another time since":      {rowOfSwitches(1, firm), rowOfSwitches(2, late)},
		"a person":                {{Operators: []tenancy.Operator{{ID: tenancy.Switches, Version: 1, Person: "p"}}}},
		"a status":                {{Operators: []tenancy.Operator{{ID: tenancy.Switches, Version: 1, Status: tenancy.OperatorActive}}}},
		"grants":                  {{Operators: []tenancy.Operator{{ID: tenancy.Switches, Version: 1, Grants: []tenancy.Grant{{ID: "g"}}}}}},
		"an operator's own stops": {{Operators: []tenancy.Operator{{ID: "ana", Version: 1, Stops: []tenancy.Stopped{firm}}}}},
	} {
		_, err := folds(t, home, all...)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
	_, err = folds(t, BookID{Tenant: "acme", Customer: "maria"}, rowOfSwitches(1))
	require.ErrorIs(t, err, ErrDamaged, "in a customer's book")
}

func TestFoldRefusesFreezesThatCouldNotHaveBeenDecided(t *testing.T) {
	t.Parallel()
	id := BookID{Tenant: "acme", Customer: "maria"}
	open := Effects{
		Customer: &CustomerEffect{Type: customer.Individual, Status: customer.Active},
		Accounts: []AccountEffect{{ID: "brl", Asset: "BRL", Kind: accounts.Fiat, Scale: 2, Status: accounts.Active}},
	}
	set := func(subject string, frozen bool, reason string) Effects {
		return Effects{Freezes: []FreezeEffect{{Subject: subject, Frozen: frozen, Reason: reason}}}
	}
	f, err := folds(t, id, open, set("customer", true, "a"), set("account:brl", true, "b"), set("customer", false, "c"))
	require.NoError(t, err)
	require.Equal(t, []*Frozen{{Subject: "account:brl", Reason: "b", By: "ana", Seq: 3, At: when(3)}}, f.freezes.values())
	for name, x := range map[string]Effects{
		"frozen already":  set("account:brl", true, "r"),
		"not frozen":      set("customer", false, "r"),
		"no such account": set("account:usd", true, "r"),
		"no subject":      set("", true, "r"),
		"the account raw": set("brl", true, "r"),
		"no reason":       set("customer", true, ""),
		"no lift reason":  set("account:brl", false, ""),
	} {
		_, err := folds(t, id, open, set("account:brl", true, "b"), x)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
	require.False(t, (&Effects{Freezes: make([]FreezeEffect, 1)}).empty())
}

// A firm that was begun before there were switches has no row of them: the
// first stop makes it.
func TestAFirmWithoutTheRowGetsItByTheFirstStop(t *testing.T) {
	t.Parallel()
	home := BookID{Tenant: "acme", Customer: tenancy.House}
	all := tenancy.NewPermissions(tenancy.AllPermissions()...)
	f, err := folds(t, home, Effects{
		Customer:  &CustomerEffect{Type: customer.House, Status: customer.Active},
		Operators: []tenancy.Operator{{ID: "ana", Person: "p-ana", Status: tenancy.OperatorActive, Version: 1}},
		Grants:    []tenancy.Grant{{ID: "g", Operator: "ana", Permissions: all}},
	})
	require.NoError(t, err)
	require.Empty(t, f.stops())
	r, err := newRulebook(Config{})
	require.NoError(t, err)
	c := systemCommand(home, actorWork, "switch.stop", "", 0, func(d *decision) error {
		return d.stop(tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "r"})
	})
	d, err := r.attempt(f, c, tenancy.Operator{}, when(2))
	require.NoError(t, err)
	dr, err := d.draft()
	require.NoError(t, err)
	require.Len(t, dr.after.stops(), 1)
	require.Equal(t, int64(2), dr.change.Operators[0].Version)
	require.Equal(t, 1, dr.after.operatorsIn())
}
