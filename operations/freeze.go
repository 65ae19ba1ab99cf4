package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The codes of what is frozen.
const (
	CodeCustomerFrozen = "customer_frozen" // nothing asked for moves any of his accounts
	CodeAccountFrozen  = "account_frozen"  // nothing asked for moves the account
)

// Freeze keeps a customer, or one of his accounts, from being debited or
// credited by anything that is asked for, from the next decision on, whatever
// their statuses are. What is executing goes on and what a provider reports is
// posted: facts are never refused. What waits can be cancelled, and fails if its
// time comes meanwhile. It needs the freeze permission.
type Freeze struct {
	Account accounts.ID `json:"account,omitempty"` // empty: the customer, with all accounts
	Reason  string      `json:"reason"`            // for people, not personal: it stays in the journal; required, at most 256 bytes
}

// Change names the change.
func (Freeze) Change() string { return "book.freeze" }

// Validate checks account and reason.
func (x Freeze) Validate() error { return checkFreeze(x.Account, x.Reason) }

// Unfreeze lifts a freeze. It needs the freeze permission.
type Unfreeze struct {
	Account accounts.ID `json:"account,omitempty"` // empty: the freeze of the customer; those of accounts stay
	Reason  string      `json:"reason"`            // as for Freeze
}

// Change names the change.
func (Unfreeze) Change() string { return "book.unfreeze" }

// Validate checks account and reason.
func (x Unfreeze) Validate() error { return checkFreeze(x.Account, x.Reason) }

func checkFreeze(id accounts.ID, reason string) error {
	var err error
	if id != "" {
		err = id.Validate()
	}
	return errors.Join(err, tenancy.CheckReason("reason", reason))
}

// FreezeEffect freezes a subject of the book, or lifts that.
type FreezeEffect struct {
	Subject string `json:"subject"` // "customer" or "account:<id>"
	Frozen  bool   `json:"frozen"`
	Reason  string `json:"reason"`
}

// Frozen is a freeze that holds.
type Frozen struct {
	Subject string             `json:"subject"` // "customer" or "account:<id>"
	Reason  string             `json:"reason"`
	By      tenancy.OperatorID `json:"by"`
	Seq     int64              `json:"seq"` // of the entry that froze it
	At      time.Time          `json:"at"`  // of that entry
}

// Freezes brings what is frozen in the book, by subject: accounts by id, then
// the customer.
func (b *Book) Freezes(ctx context.Context) ([]Frozen, error) {
	r, err := b.eng.read(ctx, b.scope, "freezes", Want{})
	if err != nil {
		return nil, err
	}
	all := make([]Frozen, 0, r.f.freezes.len())
	for _, z := range r.f.freezes.all {
		all = append(all, *z)
	}
	return all, nil
}

func subjectFrozen(id accounts.ID) string {
	if id == "" {
		return subjectCustomer
	}
	return subjectAccount(id)
}

// freeze decides Freeze and Unfreeze.
func (d *decision) freeze(id accounts.ID, to bool, reason string) error {
	if id != "" {
		if _, ok := d.account(id); !ok {
			return nil
		}
	}
	subject := subjectFrozen(id)
	switch _, is := d.f.freezes.get(subject); {
	case is && to:
		d.refuse(statusForbids(subject, "frozen", "freeze"))
	case !is && !to:
		d.refuse(statusForbids(subject, "not_frozen", "unfreeze"))
	}
	d.fx.Freezes = append(d.fx.Freezes, FreezeEffect{Subject: subject, Frozen: to, Reason: reason})
	return nil
}

// frozen tells what freezes stand in the way of moving money on an account.
func (v View) frozen(unmet []Unmet, id accounts.ID) []Unmet {
	freezes := &v.folded().freezes
	if freezes.len() == 0 {
		return unmet
	}
	if z, ok := freezes.get(subjectCustomer); ok {
		unmet = append(unmet, z.unmet(CodeCustomerFrozen))
	}
	if z, ok := freezes.get(subjectAccount(id)); ok {
		unmet = append(unmet, z.unmet(CodeAccountFrozen))
	}
	return unmet
}

func (z *Frozen) unmet(code string) Unmet {
	return Unmet{
		Code: code, Subject: z.Subject,
		Figures: []Figure{{Name: "reason", Value: z.Reason}, {Name: "since", Value: z.At.Format(time.RFC3339)}},
		Remedy:  "Have the freeze lifted by someone who may.",
	}
}

// freeze takes in an effect, if it could have been decided.
func (f *Folded) freeze(z *FreezeEffect, e *Entry) error {
	if tenancy.CheckReason("reason", z.Reason) != nil {
		return fmt.Errorf("a freeze of %q for no reason that can stand", z.Subject)
	}
	if z.Subject != subjectCustomer && !f.hasAccount(z.Subject) {
		return fmt.Errorf("a freeze of %q, which is not in the book", z.Subject)
	}
	if _, is := f.freezes.get(z.Subject); is == z.Frozen {
		return fmt.Errorf("%q becomes what it is: frozen %t", z.Subject, is)
	}
	if !z.Frozen {
		f.freezes = f.freezes.without(z.Subject)
		return nil
	}
	f.freezes = f.freezes.with(z.Subject, &Frozen{Subject: z.Subject, Reason: z.Reason, By: actorID(e), Seq: e.Seq, At: e.At})
	return nil
}

func (f *Folded) hasAccount(subject string) bool {
	for id := range f.accounts.all {
		if subjectAccount(id) == subject {
			return true
		}
	}
	return false
}
