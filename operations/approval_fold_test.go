package operations

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

func person(id string) tenancy.Actor {
	return tenancy.Actor{Kind: tenancy.OperatorActor, ID: id, Person: tenancy.PersonID("p-" + id)}
}

// waitingBook is a book with one deposit by ana that waits for two persons.
func waitingBook(t *testing.T) (*deskBook, *Operation) {
	t.Helper()
	b := newDeskBook(t, Config{Approvals: []Approval{{Name: "all", Persons: 2}}}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	op := b.submit("op", b.deposit(5))
	return b, op
}

// by has one decide on the book.
func (b *deskBook) by(who tenancy.Actor, a Action, decide func(*decision) error) draft {
	b.tb.Helper()
	c := b.command(a, decide)
	c.actors = []tenancy.Actor{who}
	d, err := b.rules.attempt(b.f, c, tenancy.Operator{}, b.now)
	require.NoError(b.tb, err)
	n, err := d.draft()
	require.NoError(b.tb, err)
	return n
}

// An entry that claims an approval which nobody could have given does not fold,
// however well it is formed otherwise.
func TestFoldRefusesApprovalsThatWereNotGiven(t *testing.T) {
	t.Parallel()
	b, op := waitingBook(t)
	b.f = b.by(person("bruno"), ActApprove, approve(op.Ref())).after
	for name, forge := range map[string]func(e *Entry, o *Operation){
		"the last one is missing":          func(_ *Entry, o *Operation) { o.Approvals = o.Approvals[:1] },
		"none at all":                      func(_ *Entry, o *Operation) { o.Approvals = nil },
		"it is by another than acted":      func(e *Entry, _ *Operation) { e.Actors = []tenancy.Actor{person("dora")} },
		"it is of another action":          func(e *Entry, _ *Operation) { e.Action = ActModify },
		"it is of another entry":           func(_ *Entry, o *Operation) { o.Approvals[1].Seq-- },
		"it is of another time":            func(_ *Entry, o *Operation) { o.Approvals[1].At = o.Approvals[1].At.Add(1) },
		"it is of other content":           func(_ *Entry, o *Operation) { o.Approvals[1].Content[0]++ },
		"an earlier one is another's":      func(_ *Entry, o *Operation) { o.Approvals[0].Actors = []tenancy.Actor{person("dora")} },
		"the same person twice":            func(e *Entry, o *Operation) { e.Actors = o.Approvals[0].Actors; o.Approvals[1].Actors = e.Actors },
		"the maker's own":                  func(e *Entry, o *Operation) { e.Actors = []tenancy.Actor{o.Maker}; o.Approvals[1].Actors = e.Actors },
		"other content is approved":        func(_ *Entry, o *Operation) { o.Order.Reference = "other" },
		"fewer are needed than before":     func(_ *Entry, o *Operation) { o.Terms.Approval.Persons = 1 },
		"none is needed any more":          func(_ *Entry, o *Operation) { o.Terms.Approval, o.Approvals = nil, nil },
		"the version before is elsewhere":  func(_ *Entry, o *Operation) { o.Previous-- },
		"it waits though it has them all":  func(e *Entry, o *Operation) { o.State = AwaitingApproval; e.Effects.Postings = nil },
		"an author was struck out of them": func(_ *Entry, o *Operation) { o.Authors = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last := b.f.waitingOp(t)
			if name == "an author was struck out of them" {
				last.Authors = []tenancy.Actor{person("fay")}
			}
			f := *b.f
			f.open = f.open.with(last.ID, last)
			c := &deskBook{tb: t, rules: b.rules, f: &f, now: b.now, n: b.n}
			honest := c.by(person("carla"), ActApprove, approve(last.Ref())).entry
			o := honest.Effects.Operations[0].clone()
			honest.Effects.Operations = []Operation{o}
			_, err := Fold(&f, honest, Hash{})
			require.NoError(t, err, "as it was decided")
			forge(honest, &honest.Effects.Operations[0])
			_, err = Fold(&f, honest, Hash{})
			require.ErrorIs(t, err, ErrDamaged)
		})
	}
}

func TestFoldRefusesApprovalsThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	b := newDeskBook(t, Config{}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	e := b.by(person("bruno"), ActApprove, submit("op", b.deposit(5))).entry
	_, err := Fold(b.f, e, Hash{})
	require.NoError(t, err)
	o := &e.Effects.Operations[0]
	o.Maker = person("ana")
	content, err := o.contentHash()
	require.NoError(t, err)
	o.Approvals = []Approved{{Actors: e.Actors, At: e.At, Seq: e.Seq, Version: 1, Content: content}}
	_, err = Fold(b.f, e, Hash{})
	require.ErrorIs(t, err, ErrDamaged)
}

func (f *Folded) waitingOp(t *testing.T) *Operation {
	t.Helper()
	for _, o := range f.open.all {
		if o.State == AwaitingApproval {
			n := o.clone()
			return &n
		}
	}
	require.Fail(t, "nothing waits")
	return nil
}

// An approval of content that is not the operation's any more counts for
// nothing: the last one that is needed finds it missing.
func TestAnApprovalOfOtherContentDoesNotCount(t *testing.T) {
	t.Parallel()
	b, op := waitingBook(t)
	b.f = b.by(person("bruno"), ActApprove, approve(op.Ref())).after
	stale := b.f.waitingOp(t)
	stale.Order.Reference = "changed without anybody's knowing"
	require.Empty(t, stale.valid())
	f := *b.f
	f.open = f.open.with(stale.ID, stale)
	b.f = &f
	d := b.by(person("carla"), ActApprove, approve(stale.Ref()))
	o := d.entry.Effects.Operations[0]
	require.Equal(t, AwaitingApproval, o.State)
	require.Len(t, o.Approvals, 1)
	require.Equal(t, "carla", o.Approvals[0].Actors[0].ID)
}

// A book with approvals comes back from its snapshot as it was.
func TestApprovalsComeBackFromASnapshot(t *testing.T) {
	t.Parallel()
	b, op := waitingBook(t)
	b.f = b.by(person("bruno"), ActApprove, approve(op.Ref())).after
	require.Equal(t, 1, b.f.waiting)
	snap, err := b.f.snapshot()
	require.NoError(t, err)
	back, err := snap.restore(b.f.id)
	require.NoError(t, err)
	require.Equal(t, 1, back.waiting)
	require.Len(t, back.waitingOp(t).valid(), 1)
	b.f = back
	last := b.by(person("carla"), ActApprove, approve(back.waitingOp(t).Ref()))
	require.Equal(t, Completed, last.entry.Effects.Operations[0].State)
	require.Zero(t, last.after.waiting)
}

// What the table says is what Modify does.
func TestFieldsAreFixedAsTheTableSays(t *testing.T) {
	t.Parallel()
	o := Order{Kind: KindTransfer, From: "a", To: "b", Amount: accounts.Exact(decimal.NewFromInt(1))}
	changes := map[Field]Modification{
		FieldAmount: {Amount: decimal.NewFromInt(2)}, FieldFrom: {From: "c"}, FieldTo: {To: "c"}, FieldVia: {Via: "x"},
		FieldPurpose: {Purpose: "x"}, FieldReference: {Reference: "x"}, FieldNotBefore: {NotBefore: time.Unix(1, 0)},
	}
	require.Len(t, changes, len(Fields()))
	for _, s := range States() {
		require.Equal(t, s.leads(OnModify), len(Modifiable(s)) > 0, "%s", s)
		for f, m := range changes {
			n := m.apply(o)
			require.Equal(t, []Field{f}, changed(&o, &n))
			may := false
			for _, x := range Modifiable(s) {
				may = may || x == f
			}
			unmet := fixed(&Operation{State: s, Order: o}, &n)
			require.Equal(t, may, len(unmet) == 0, "%s of %s", f, s)
		}
		require.Empty(t, fixed(&Operation{State: s, Order: o}, &o))
	}
}
