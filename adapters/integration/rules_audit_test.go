package integration_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// auditor reads a book's entries as they come, keeps accounts of its own, and
// says what the rules of the firm do not allow. It asks nothing of the engine.
type auditor struct {
	zone     *time.Location
	limits   []operations.Limit
	stops    map[string]bool // thrown, as the firm's own book says
	seq      int64
	posted   map[string]decimal.Decimal // by account and asset
	ops      map[operations.OperationID]operations.Operation
	persons  map[operations.OperationID]map[string]bool // who had a part in it
	agreed   map[operations.OperationID]map[int]string  // persons of approvals that stand, by entry
	counted  map[operations.OperationID]string          // the day it counts on
	frozen   map[string]bool
	moves    map[string]int // how often each edge was seen
	problems []string
}

func newAuditor(zone *time.Location, limits []operations.Limit) *auditor {
	return &auditor{
		zone: zone, limits: limits, stops: map[string]bool{}, posted: map[string]decimal.Decimal{}, ops: map[operations.OperationID]operations.Operation{},
		persons: map[operations.OperationID]map[string]bool{}, agreed: map[operations.OperationID]map[int]string{},
		counted: map[operations.OperationID]string{}, frozen: map[string]bool{}, moves: map[string]int{},
	}
}

func (a *auditor) wrongf(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf("entry %d: ", a.seq)+fmt.Sprintf(format, args...))
}

// take reads one more entry, from its bytes.
func (a *auditor) take(bytes []byte) {
	var e operations.Entry
	if err := json.Unmarshal(bytes, &e); err != nil {
		a.wrongf("%v", err)
		return
	}
	a.seq++
	if e.Seq != a.seq {
		a.wrongf("comes as %d", e.Seq)
	}
	fx := &e.Effects
	if len(e.Refused) > 0 && (len(fx.Operations) > 0 || len(fx.Postings) > 0 || len(fx.Holds) > 0) {
		a.wrongf("refused, with effects")
	}
	for _, z := range fx.Freezes {
		a.frozen[z.Subject] = z.Frozen
	}
	sums := map[string]decimal.Decimal{}
	for _, p := range fx.Postings {
		key := string(p.Ref) + " " + p.Asset
		a.posted[key] = a.posted[key].Add(p.Amount.Decimal)
		sums[p.Asset] = sums[p.Asset].Add(p.Amount.Decimal)
	}
	for asset, sum := range sums {
		if !sum.IsZero() {
			a.wrongf("%s does not balance, by %s", asset, sum)
		}
	}
	for i := range fx.Operations {
		a.operation(&e, fx.Operations[i])
	}
}

func person(actors []tenancy.Actor) string {
	if actors[0].Person != "" {
		return string(actors[0].Person)
	}
	return actors[0].ID
}

func (a *auditor) operation(e *operations.Entry, o operations.Operation) {
	old, known := a.ops[o.ID]
	if known && old.State.Final() {
		a.wrongf("%s goes on after it was %s", o.ID, old.State)
	}
	a.moves[string(old.State)+" to "+string(o.State)]++
	wrote := a.persons[o.ID]
	if wrote == nil {
		wrote = map[string]bool{}
		a.persons[o.ID], a.agreed[o.ID] = wrote, map[int]string{}
	}
	switch e.Action { //nolint:exhaustive // the others write nothing
	case operations.ActPrepare, operations.ActSubmit, operations.ActExecute, operations.ActModify:
		for _, actor := range e.Actors {
			wrote[string(actor.Person)] = true
		}
	}
	switch e.Action { //nolint:exhaustive // the others leave approvals as they are
	case operations.ActModify, operations.ActSubmit, operations.ActExecute:
		clear(a.agreed[o.ID])
	case operations.ActApprove:
		if wrote[person(e.Actors)] {
			a.wrongf("%s is approved by %s, who had a part in it", o.ID, person(e.Actors))
		}
		a.agreed[o.ID][int(e.Seq)] = person(e.Actors)
	case operations.ActWithdraw:
		for seq, who := range a.agreed[o.ID] {
			if who == person(e.Actors) {
				delete(a.agreed[o.ID], seq)
			}
		}
	}
	a.ops[o.ID] = o
	goesOn := slices.Contains([]operations.State{operations.Scheduled, operations.Executing, operations.Completed}, o.State)
	if term := o.Terms.Approval; term != nil && goesOn && old.State == operations.AwaitingApproval {
		distinct := map[string]bool{}
		for _, who := range a.agreed[o.ID] {
			distinct[who] = true
		}
		if len(distinct) < term.Persons {
			a.wrongf("%s goes on with the approvals of %v, where %d persons are needed", o.ID, distinct, term.Persons)
		}
	}
	if term := o.Terms.Approval; term != nil && goesOn && (old.State == "" || old.State == operations.Prepared) {
		a.wrongf("%s goes from %q to %s without approval", o.ID, old.State, o.State)
	}
	if most, ok := a.moved(&o, "BRL", ""); ok && goesOn && o.Terms.Exchange != nil && !most.LessThan(money(dealt)) && len(a.agreed[o.ID]) == 0 {
		a.wrongf("%s of %s BRL is %s, and nobody else agreed to that", o.ID, most, o.State)
	}
	a.begins(e, &o)
	a.fees(e, &o)
	a.count(e, &old, &o)
	if o.Parent != "" && o.Order.Kind == operations.KindRefund {
		a.refunds(o.Parent)
	}
}

// begins checks that nothing is asked for where it is frozen or stopped.
func (a *auditor) begins(e *operations.Entry, o *operations.Operation) {
	switch e.Action {
	case operations.ActPrepare, operations.ActSubmit, operations.ActExecute, operations.ActModify, operations.ActRelease:
	case operations.ActApprove:
		if o.State == operations.AwaitingApproval {
			return
		}
	default:
		return
	}
	if o.State == operations.Failed {
		return
	}
	for _, subject := range []string{"customer", "account:" + string(o.Order.From), "account:" + string(o.Order.To)} {
		if a.frozen[subject] {
			a.wrongf("%s %s while %s is frozen", e.Action, o.ID, subject)
		}
	}
	for _, subject := range []string{tenancy.WholeFirm, tenancy.KindSubject(o.Order.Kind), tenancy.ProviderSubject(o.Terms.Provider)} {
		if a.stops[subject] {
			a.wrongf("%s %s while %s is stopped", e.Action, o.ID, subject)
		}
	}
}

// fees checks that each is charged as it was agreed, once.
func (a *auditor) fees(e *operations.Entry, o *operations.Operation) {
	names := map[string]bool{}
	want := map[string]decimal.Decimal{}
	for _, l := range o.Terms.Fees {
		if names[l.Fee] {
			a.wrongf("%s is charged %s twice", o.ID, l.Fee)
		}
		names[l.Fee] = true
		want[l.Asset] = want[l.Asset].Add(l.Amount.Decimal)
	}
	if o.State != operations.Completed || o.Order.Kind == operations.KindRefund || o.Order.Kind == operations.KindReversal {
		return
	}
	got := map[string]decimal.Decimal{}
	for _, p := range e.Effects.Postings {
		if p.Ref == "income:fees" {
			got[p.Asset] = got[p.Asset].Add(p.Amount.Decimal)
		}
	}
	for _, asset := range []string{"BRL", "USD"} {
		if !got[asset].Equal(want[asset]) {
			a.wrongf("%s posts %s %s of fees, and %s were agreed", o.ID, got[asset], asset, want[asset])
		}
	}
}

// refunds checks that what is given back stays within what it is given back of.
func (a *auditor) refunds(parent operations.OperationID) {
	given := decimal.Zero
	for _, o := range a.ops {
		if o.Parent == parent && o.Order.Kind == operations.KindRefund && !slices.Contains([]operations.State{operations.Failed, operations.Cancelled, operations.Rejected, operations.Expired, operations.Prepared}, o.State) {
			given = given.Add(o.Order.Amount.Decimal)
		}
	}
	if p, ok := a.ops[parent]; ok && given.GreaterThan(p.Order.Amount.Decimal) {
		a.wrongf("%s of %s %s were given back", given, p.Order.Amount, parent)
	}
}

// count checks every window of every limit the operation is in.
func (a *auditor) count(e *operations.Entry, old, o *operations.Operation) {
	added := false
	today := e.At.In(a.zone).Format(time.DateOnly)
	switch {
	case o.State == operations.Prepared, slices.Contains([]operations.State{operations.Failed, operations.Cancelled, operations.Rejected, operations.Expired}, o.State):
		delete(a.counted, o.ID)
	case e.Action == operations.ActSubmit, e.Action == operations.ActExecute, e.Action == operations.ActModify, e.Action == operations.ActRelease,
		e.Action == operations.ActApprove && old.State != o.State:
		a.counted[o.ID] = today
		added = true
	}
	if o.Counted != nil && string(o.Counted.Day) != a.counted[o.ID] {
		a.wrongf("%s counts on %s, and should on %q", o.ID, o.Counted.Day, a.counted[o.ID])
	}
	for i := range a.limits {
		l := &a.limits[i]
		amount, bound := a.bound(l, o)
		if !bound {
			continue
		}
		if _, counts := a.counted[o.ID]; counts && e.Action != operations.ActReport {
			if l.Max.IsPositive() && amount.GreaterThan(l.Max) || amount.LessThan(l.Min) {
				a.wrongf("%s of %s is beyond %s", o.ID, amount, l.Name)
			}
		}
		if added { // what is given back leaves no more
			a.windows(l, o)
		}
	}
}

// bound tells whether a limit is for the operation, and how much of its asset
// that moves.
func (a *auditor) bound(l *operations.Limit, o *operations.Operation) (decimal.Decimal, bool) {
	if !slices.Contains(l.Match.Kinds, o.Order.Kind) {
		return decimal.Zero, false
	}
	return a.moved(o, l.Asset, l.Match.Direction)
}

// moved is how much of an asset leaves the customer or comes, without fees. Of a
// trade that is what its price says, of both assets.
func (a *auditor) moved(o *operations.Operation, asset string, dir accounts.Direction) (decimal.Decimal, bool) {
	x := o.Terms.Exchange
	if x == nil {
		comes := o.Order.From == ""
		return o.Order.Amount.Decimal, asset == o.Terms.Asset && (dir == "" || o.Order.Kind == operations.KindTransfer || comes == (dir == accounts.Credit))
	}
	if fixed := map[string]accounts.Amount{x.Base: x.BaseAmount, x.Quote: x.QuoteAmount}[x.Fixed]; x.Fixed != o.Terms.Asset || !fixed.Equal(o.Order.Amount.Decimal) {
		a.wrongf("%s asks for %s %s, and is of %s %s", o.ID, o.Order.Amount, o.Terms.Asset, fixed, x.Fixed)
	}
	switch comes := (asset == x.Base) == (x.Side == operations.Buy); {
	case asset != x.Base && asset != x.Quote, dir != "" && comes != (dir == accounts.Credit):
		return decimal.Zero, false
	case asset == x.Base:
		return x.BaseAmount.Decimal, true
	}
	return x.QuoteAmount.Decimal, true
}

func (a *auditor) windows(l *operations.Limit, o *operations.Operation) {
	days := map[string]decimal.Decimal{}
	for id, day := range a.counted {
		other := a.ops[id]
		if amount, bound := a.bound(l, &other); bound && (!l.PerOperator || other.Maker.ID == o.Maker.ID) {
			days[day] = days[day].Add(amount)
		}
	}
	for day := range days {
		last, err := time.Parse(time.DateOnly, day)
		must(err)
		rolling, month := decimal.Zero, decimal.Zero
		for d, sum := range days {
			t, err := time.Parse(time.DateOnly, d)
			must(err)
			if !t.After(last) && t.After(last.AddDate(0, 0, -30)) {
				rolling = rolling.Add(sum)
			}
			if d[:7] == day[:7] {
				month = month.Add(sum)
			}
		}
		for _, w := range []struct {
			name       string
			most, used decimal.Decimal
		}{{"day", l.Day, days[day]}, {"30 days", l.Rolling, rolling}, {"month", l.Month, month}} {
			if w.most.IsPositive() && w.used.GreaterThan(w.most) {
				a.wrongf("%s: %s in the %s of %s, and %s is the most", l.Name, w.used, w.name, day, w.most)
			}
		}
	}
}
