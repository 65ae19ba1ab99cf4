package integration_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// draws gives the next step of a run.
type draws struct {
	t    *rapid.T
	m    *model
	keys int
	past []step // commands that may be sent again
}

func pick[T any](d *draws, what string, from ...T) T {
	return rapid.SampledFrom(from).Draw(d.t, what)
}

func (d *draws) chance(what string, percent int) bool {
	return rapid.IntRange(0, 99).Draw(d.t, what) >= 100-percent
}

func (d *draws) key() string {
	d.keys++
	return fmt.Sprintf("k%d", d.keys)
}

func (d *draws) customers() []operations.BookID {
	return slices.DeleteFunc(d.m.ids(), func(id operations.BookID) bool { return id.Customer == tenancy.House })
}

func (d *draws) next() step {
	customers := d.customers()
	if len(customers) == 0 || len(customers) < 4 && d.chance("open customer", 3) {
		tenant := pick(d, "tenant", tenancy.TenantID("acme"), "acme", "zeta")
		return step{Do: "open customer", Book: operations.BookID{Tenant: tenant}, By: adminOf(tenant), Key: d.key(), Person: pick(d, "person", "", "", "p-else", "p-ben", "p-eve")}
	}
	s := step{Book: pick(d, "book", customers...), Key: d.key()}
	s.By = adminOf(s.Book.Tenant)
	if s.Book.Tenant == "acme" && d.chance("by another", 18) {
		s.By = pick(d, "by", "ben", "ben", "ben", "eve", "annie")
	}
	b := d.m.books[s.Book]
	if len(b.accounts) == 0 && d.chance("first account", 80) {
		s.Do = "open account"
	} else {
		s.Do = pick(d, "do",
			"submit", "submit", "submit", "submit", "submit", "submit", "prepare", "prepare", "prepare",
			"execute", "execute", "execute", "cancel", "cancel", "modify", "modify", "modify", "report", "report", "report",
			"again", "again", "other content", "open account", "account status", "account limit", "currency", "customer status",
			"allow", "allow", "revoke", "house", "house", "house", "enter", "enter", "reopen", "work", "work", "advance", "advance", "close incident", "walk", "verify", "open again", "explain",
		)
	}
	s.Send, s.Ask = pick(d, "send", modes()...), pick(d, "ask", modes()...)
	if sc := d.m.scopes[scopeOf{s.By, s.Book}]; s.Do != "reopen" && s.Do != "advance" && d.chance("enter first", 90) {
		if sc == nil || !later(d.m.clock, b.at).Before(sc.expires) {
			s.Do = "enter"
		}
	}
	if s.Do != "enter" && s.Do != "reopen" && s.By == adminOf(s.Book.Tenant) && d.chance("pursue", 15) && d.pursue(&s, b) {
		return s
	}
	switch s.Do {
	case "submit", "prepare", "explain":
		d.order(&s, b)
	case "execute", "cancel", "modify", "report":
		d.onOperation(&s, b)
	case "again", "other content":
		return d.again(s)
	case "open again":
		for _, old := range d.past {
			if old.Do == "open customer" {
				if d.chance("other person", 30) {
					old.Person = "p-other"
				}
				return old
			}
		}
		s.Do = "work"
	case "house":
		return d.house(s)
	case "advance":
		s.Advance = pick(d, "advance", time.Microsecond, time.Second, 9*time.Second, 10*time.Second, 20*time.Second, time.Minute, 5*time.Minute, 15*time.Minute,
			time.Hour, 9*time.Hour, -time.Second, -5*time.Second, -6*time.Second)
		if d.m.clock.Add(s.Advance).Before(epoch()) {
			s.Advance = time.Minute
		}
	case "walk":
		s.Limits, s.Filter = rapid.IntRange(1, 7).Draw(d.t, "limit"), pick(d, "filter", "", "completed", "transfer", "small")
	case "open account":
		s.Currency = pick(d, "currency", "BRL", "BRL", "BRL", "JPY", "BTC", "ZZZ")
		s.Limit = pick(d, "limit", "0", "0", "0", "100", "0.01", "99999999999999999999")
		s.Directions = pick(d, "directions", "", "", "", "", "credit_only", "debit_only")
		s.Bare = d.chance("bare", 10)
	case "account status":
		s.Account, s.Status = d.account(b), pick(d, "status", "active", "active", "frozen", "debit_frozen", "closed")
	case "account limit":
		s.Account, s.Limit = d.account(b), pick(d, "limit", "0", "50", "0.5", "0.001", "1000000")
	case "currency":
		s.Currency, s.Enabled = pick(d, "currency", "BRL", "JPY", "BTC", "ZZZ"), d.chance("enabled", 75)
	case "customer status":
		s.Status = pick(d, "status", "active", "active", "suspended", "closed")
	case "allow":
		s.Operator = d.operator(s)
		s.Everyone = d.chance("everyone", 5)
		d.grant(&s)
	case "revoke":
		s.Grant = "none"
		if len(b.grants) > 0 {
			s.Grant = pick(d, "grant", b.grants...).id
		}
	case "close incident":
		s.Seq = 1
		if len(b.incidents) > 0 {
			i := pick(d, "incident", b.incidents...)
			s.Seq, s.Status = i.seq, i.code
		}
	}
	return s
}

func (d *draws) permissions() tenancy.Permissions {
	return pick(d, "permissions",
		tenancy.NewPermissions(tenancy.AllPermissions()...), tenancy.NewPermissions(tenancy.View),
		tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute, tenancy.Cancel),
		tenancy.NewPermissions(tenancy.Prepare, tenancy.Modify, tenancy.Adjust),
		tenancy.NewPermissions(tenancy.View, tenancy.ManageAccounts, tenancy.ManageGrants, tenancy.Execute))
}

// operator is whom something is given to, or taken from.
func (d *draws) operator(s step) string {
	return pick(d, "operator", "ben", "ben", "ben", "eve", "eve", "annie", "nobody", "ana", s.By)
}

func (d *draws) grant(s *step) {
	s.Permissions = d.permissions()
	if d.chance("expires", 30) {
		s.Expires = d.m.clock.Add(pick(d, "expires in", time.Minute, 10*time.Minute, time.Hour))
	}
}

// house is a step in the firm's own book. Ana is never suspended by another:
// the checkers look with her eyes.
func (d *draws) house(s step) step {
	s.Book, s.By = operations.BookID{Tenant: "acme", Customer: tenancy.House}, pick(d, "house by", "ana", "ana", "ana", "ben")
	b := d.m.books[s.Book]
	if sc := d.m.scopes[scopeOf{s.By, s.Book}]; sc == nil || !later(d.m.clock, b.at).Before(sc.expires) {
		s.Do = "enter"
		return s
	}
	s.Operator = d.operator(s)
	switch s.Do = pick(d, "house", "suspend", "reinstate", "reinstate", "allow", "allow", "allow", "revoke"); s.Do {
	case "reinstate":
		for _, id := range []string{"annie", "ben", "eve"} {
			if d.m.operators[operatorOf{"acme", id}].suspended && d.chance("who is suspended", 80) {
				s.Operator = id
			}
		}
	case "suspend":
		if s.By != "ana" && s.Operator == "ana" {
			s.Operator = "eve"
		}
	case "allow":
		s.Everyone = d.chance("everyone", 70)
		d.grant(&s)
	case "revoke":
		s.Grant = "none"
		grants := slices.Clone(b.grants[1:]) // the first is what the firm began with
		for _, id := range []string{"ben", "eve", "annie"} {
			grants = append(grants, d.m.operators[operatorOf{"acme", id}].grants...)
		}
		if len(grants) > 0 {
			s.Grant = pick(d, "grant", grants...).id
		}
	}
	return s
}

// account is nearly always one of the book's own.
func (d *draws) account(b *modelBook) string {
	if len(b.accounts) == 0 || d.chance("foreign account", 4) {
		foreign := []string{"id-999999"}
		for _, other := range d.m.ids() {
			if other != b.id {
				foreign = slices.AppendSeq(foreign, maps.Keys(d.m.books[other].accounts))
			}
		}
		slices.Sort(foreign)
		return pick(d, "foreign", foreign...)
	}
	return pick(d, "account", slices.Sorted(maps.Keys(b.accounts))...)
}

func (d *draws) order(s *step, b *modelBook) {
	s.Kind = pick(d, "kind", "deposit", "deposit", "deposit", "withdrawal", "withdrawal", "transfer", "adjustment")
	if d.chance("any account", 3) {
		s.From, s.To = d.account(b), d.account(b)
	} else {
		switch s.Kind {
		case "deposit":
			s.To = d.account(b)
		case "withdrawal":
			s.From = d.account(b)
		case "transfer":
			s.From, s.To = d.account(b), d.account(b)
		case "adjustment":
			if s.Purpose = pick(d, "purpose", "fee", "interest", "penalty", "correction", "gift"); d.chance("charge", 50) {
				s.From = d.account(b)
			} else {
				s.To = d.account(b)
			}
		}
	}
	if s.Kind == "deposit" || s.Kind == "withdrawal" {
		s.Via = pick(d, "via", "", "", "", "bank", "bank", "wire", "nowhere")
	}
	if d.chance("later", 12) {
		s.NotBefore = d.m.clock.Add(pick(d, "not before", time.Second, time.Minute, time.Hour, -time.Minute))
	}
	s.Amount = d.amount(s, b)
}

// amount is on a boundary in three of ten draws.
func (d *draws) amount(s *step, b *modelBook) string {
	huge := figOf("1" + strings.Repeat("0", 34))
	if a := b.accounts[s.From]; a != nil && a.posted.Sign() > 0 {
		if a.posted.Cmp(huge) > 0 && s.Kind == "withdrawal" && d.chance("far away", 60) {
			s.Via, s.Send, s.NotBefore = "bank", "settle", time.Time{}
			return textOf(a.posted)
		}
		if d.chance("all of it", 12) {
			return textOf(a.posted)
		}
	}
	for _, o := range b.operations() { // to be reversed when it no longer fits
		if s.To != "" && o.from == s.To && o.sent && o.state == "completed" && o.amount.Cmp(huge) > 0 && d.chance("as much again", 50) {
			return textOf(o.amount)
		}
	}
	if !d.chance("boundary", 30) {
		return pick(d, "amount", "1", "2.5", "10", "25", "100", "250", "999.99", "5000")
	}
	scale, available := 2, nought()
	for _, id := range []string{s.To, s.From} {
		if a := b.accounts[id]; a != nil {
			scale, available = a.scale, a.available()
		}
	}
	most := figOf(strings.Repeat("9", 38))
	if scale > 0 {
		most = figOf(strings.Repeat("9", 38-scale) + "." + strings.Repeat("9", scale))
	}
	return textOf(pick(d, "boundary amount", nought(), unit(scale), unit(figPlaces), unit(scale+1), most, plus(most, unit(scale)), figOf(strings.Repeat("9", 38)), figOf("1"+strings.Repeat("0", 38)),
		minus(available, unit(scale)), available, available, plus(available, unit(scale)), figOf(transferMaximum), plus(figOf(transferMaximum), unit(scale))))
}

func (d *draws) onOperation(s *step, b *modelBook) {
	s.Provider = pick(d, "provider", "bank", "wire")
	var all []*modelOp
	for _, o := range b.operations() {
		if s.Do == "report" && o.sent || s.Do != "report" && !o.final() {
			all = append(all, o)
		}
	}
	if len(all) == 0 || d.chance("any operation", 10) {
		all = b.operations()
	}
	s.Op, s.Version = "id-999999", 1
	if foreign := d.foreign(b); len(foreign) > 0 && d.chance("foreign operation", 5) {
		o := pick(d, "foreign operation", foreign...)
		s.Op, s.Version = o.id, o.version
	} else if len(all) > 0 {
		o := pick(d, "operation", all...)
		s.Op, s.Version = o.id, o.version
		if o.sent && d.chance("right provider", 95) {
			s.Provider = o.provider()
		}
	}
	if d.chance("stale", 5) {
		s.Version += int64(pick(d, "version off", -1, 1, -9))
	}
	if s.Do == "report" {
		s.Key = pick(d, "external", "x0", "x0", "x1")
		for s.Send == "timeout" || s.Send == "panic" {
			s.Send = "settle"
		}
		return
	}
	s.Amount = "0"
	if s.Do != "modify" {
		return
	}
	if o := b.ops[s.Op]; o != nil {
		s.From, s.To = o.from, o.to
		s.Amount = d.amount(s, b)
		if d.chance("same accounts", 80) {
			s.From, s.To = "", ""
		} else if o.from != "" && d.chance("other source", 50) {
			s.From, s.To = d.account(b), ""
		}
	}
	if d.chance("via", 10) {
		s.Via = pick(d, "via", "bank", "wire", "desk")
	}
	if d.chance("later", 20) {
		s.NotBefore = d.m.clock.Add(pick(d, "not before", time.Second, time.Minute, -time.Minute))
	}
}

// pursue goes on towards what chance alone would hardly come by: a reversal on
// an account that was closed since, of more than is there or than can be kept by
// now, and a second one.
func (d *draws) pursue(s *step, b *modelBook) bool {
	for _, o := range b.operations() {
		if !o.sent || o.state != "completed" {
			continue
		}
		if _, undone := b.keys["~reversal:"+o.id]; undone {
			if d.chance("undone twice", 5) {
				s.Do, s.Op, s.Version, s.Provider, s.Send, s.Key = "report", o.id, o.version, o.provider(), "reverse", "x1"
				return true
			}
			continue
		}
		a := b.accounts[cmp.Or(o.from, o.to)]
		busy := slices.ContainsFunc(b.operations(), func(o *modelOp) bool { return !o.final() && (o.from == a.id || o.to == a.id) })
		switch {
		case a.status == "closed" || !b.keepable(o, -1) || o.to == a.id && minus(a.available(), o.amount).Sign() < 0:
			s.Do, s.Op, s.Version, s.Provider, s.Send, s.Key = "report", o.id, o.version, o.provider(), "reverse", "x0"
			return true
		case a.posted.Sign() == 0 && !busy:
			s.Do, s.Account, s.Status = "account status", a.id, "closed"
			return true
		}
	}
	return false
}

func (d *draws) foreign(b *modelBook) []*modelOp {
	var all []*modelOp
	for _, id := range d.m.ids() {
		if id != b.id {
			all = append(all, d.m.books[id].operations()...)
		}
	}
	return all
}

// again sends an earlier command once more, as it was or with other content.
func (d *draws) again(s step) step {
	if len(d.past) == 0 {
		s.Do = "work"
		return s
	}
	old := pick(d, "old", d.past[max(0, len(d.past)-12):]...)
	old.Send, old.Ask = s.Send, s.Ask
	if s.Do == "again" || old.Do == "open customer" {
		return old
	}
	switch old.Do {
	case "submit":
		old.Do = pick(d, "other", "prepare", "submit")
		old.Amount = "3"
	case "prepare":
		old.Amount = "3"
	case "execute":
		old.Do = "cancel"
	case "cancel":
		old.Version++
	case "modify":
		old.Amount = "7"
	default:
		old.Do, old.Currency, old.Limit = "currency", "BRL", "0"
		old.Enabled = true
	}
	return old
}
