package operations

import (
	"maps"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Operation is one operation as it stands at one version: a document that is
// recorded whole with each change. Its earlier versions are in the entries
// before.
type Operation struct {
	ID                OperationID   `json:"id"`
	Version           int64         `json:"version"` // 1 at first, one more with each change
	State             State         `json:"state"`
	Order             Order         `json:"order"`
	Terms             Terms         `json:"terms"`
	Maker             tenancy.Actor `json:"maker"`   // who asked for it
	Created           int64         `json:"created"` // seq of the entry that made it: the order of history
	CreatedAt         time.Time     `json:"created_at"`
	Updated           int64         `json:"updated"` // seq of the entry of this version
	UpdatedAt         time.Time     `json:"updated_at"`
	Parent            OperationID   `json:"parent,omitempty"`             // the operation this one undoes or refunds
	ProviderReference string        `json:"provider_reference,omitempty"` // what the provider knows it by; set with the intent
	SendBy            time.Time     `json:"send_by,omitzero"`             // the intent is not sent after this
	Outcome           *Outcome      `json:"outcome,omitempty"`            // what ended or unsettled it

	Counted   *Counted        `json:"counted,omitempty"`   // where it counts towards the firm's limits
	Previous  int64           `json:"previous,omitempty"`  // seq of the entry of the version before; 0: this is the first
	Authors   []tenancy.Actor `json:"authors,omitempty"`   // persons beside the maker who prepared, modified or executed it, their chains included
	Content   int64           `json:"content,omitempty"`   // the version whose content waits, or waited, for approval; 0: none did
	Approvals []Approved      `json:"approvals,omitempty"` // of that content, in the order they were given
	Finding   *Finding        `json:"finding,omitempty"`   // how it ended, as people found out; see Engine.Resolve
}

// clone shares nothing with the operation that its holder could change.
func (o Operation) clone() Operation {
	o.Order.Attributes = maps.Clone(o.Order.Attributes)
	o.Terms = o.Terms.clone()
	if o.Outcome != nil {
		out := *o.Outcome
		out.Unmet = cloneUnmet(out.Unmet)
		o.Outcome = &out
	}
	o.Counted = o.Counted.clone()
	o.Finding = o.Finding.clone()
	o.Authors, o.Approvals = slices.Clone(o.Authors), cloneApprovals(o.Approvals)
	return o
}

func cloneUnmet(unmet []Unmet) []Unmet {
	unmet = slices.Clone(unmet)
	for i := range unmet {
		unmet[i].Figures = slices.Clone(unmet[i].Figures)
	}
	return unmet
}

// String is for people and logs, such as "deposit 250 BRL completed", or "trade
// 40 of 100 USD completed" of one that happened in part.
func (o Operation) String() string {
	if o.Terms.Exchange.inPart() {
		return o.Order.Kind + " " + o.moved().String() + " of " + o.Order.Amount.String() + " " + o.Terms.Asset + " " + string(o.State)
	}
	return o.Order.Kind + " " + o.Order.Amount.String() + " " + o.Terms.Asset + " " + string(o.State)
}

// Outcome is why an operation stands where it stands: what ended it that was
// not its operator's own command.
type Outcome struct {
	Code     string  `json:"code"`               // stable: the provider's answer, or the first unmet rule
	Text     string  `json:"text,omitempty"`     // for people, such as why it was rejected; at most 256 bytes
	External string  `json:"external,omitempty"` // the provider's own id
	Unmet    []Unmet `json:"unmet,omitempty"`    // the rules of the day that refused a scheduled operation
}

// due is when Work has to look at the operation next; zero: never.
func (o *Operation) due() time.Time {
	switch o.State {
	case Prepared, AwaitingApproval:
		return o.Terms.Expires
	case Scheduled:
		if o.Order.NotBefore.IsZero() { // it waits only for a host's commit
			return o.UpdatedAt
		}
		return o.Order.NotBefore
	case Executing, Unresolved:
		return o.SendBy
	case Completed, Failed, Cancelled, Rejected, Expired:
	}
	return time.Time{}
}

// Terms are what an operation will do and cost, in full, frozen in the entry
// that priced them.
type Terms struct {
	Asset    string             `json:"asset"`
	Debit    accounts.Amount    `json:"debit"`              // leaves the customer's accounts in all
	Credit   accounts.Amount    `json:"credit"`             // reaches the customer's accounts in all
	Provider string             `json:"provider,omitempty"` // carries it outside; empty: settles inside the book
	Holds    []HoldTerm         `json:"holds,omitempty"`    // set aside from execution to settlement
	Postings []accounts.Posting `json:"postings"`           // made at settlement; every asset sums to zero
	Expires  time.Time          `json:"expires,omitzero"`   // while prepared or awaiting approval: good until this instant, exclusive
	Carried  *accounts.Amount   `json:"carried,omitempty"`  // what the provider is to carry, where that is not the order's amount
	Fees     []FeeLine          `json:"fees,omitempty"`     // what it costs the customer; part of the postings
	Approval *ApprovalTerm      `json:"approval,omitempty"` // the agreement it needs of other persons; nil: none
	Exchange *Exchange          `json:"exchange,omitempty"` // the price, where one asset becomes another
}

func (t Terms) clone() Terms {
	t.Holds, t.Postings, t.Fees = slices.Clone(t.Holds), slices.Clone(t.Postings), slices.Clone(t.Fees)
	if t.Carried != nil {
		c := *t.Carried
		t.Carried = &c
	}
	t.Approval = t.Approval.clone()
	t.Exchange = t.Exchange.clone()
	return t
}

// HoldTerm is what is set aside on one account while an operation waits or executes.
type HoldTerm struct {
	Account accounts.ID     `json:"account"`
	Amount  accounts.Amount `json:"amount"`
}

// Ref names an operation at the version the caller has seen. A change to an
// operation that has moved on since is a conflict.
type Ref struct {
	ID      OperationID
	Version int64
}

// Ref is this operation at this version.
func (o Operation) Ref() Ref { return Ref{ID: o.ID, Version: o.Version} }
