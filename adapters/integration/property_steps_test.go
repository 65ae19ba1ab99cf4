package integration_test

import (
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
		return step{Do: "open customer", Book: operations.BookID{Tenant: tenant}, By: adminOf(tenant), Key: d.key(), Person: pick(d, "person", "", "p-else", "p-ben")}
	}
	s := step{Book: pick(d, "book", customers...), Key: d.key()}
	s.By = adminOf(s.Book.Tenant)
	if s.Book.Tenant == "acme" && d.chance("by ben", 15) {
		s.By = "ben"
	}
	b := d.m.books[s.Book]
	if len(b.accounts) == 0 && d.chance("first account", 80) {
		s.Do = "open account"
	} else {
		s.Do = pick(d, "do",
			"submit", "submit", "submit", "submit", "submit", "submit", "prepare", "prepare", "prepare",
			"execute", "execute", "execute", "cancel", "cancel", "modify", "modify", "modify", "report", "report", "report",
			"again", "again", "other content", "open account", "account status", "account limit", "currency", "customer status",
			"allow", "revoke", "house", "enter", "enter", "reopen", "work", "work", "advance", "advance", "close incident", "walk", "verify", "open again", "explain",
		)
	}
	s.Send, s.Ask = pick(d, "send", modes()...), pick(d, "ask", modes()...)
	if sc := d.m.scopes[scopeOf{s.By, s.Book}]; s.Do != "reopen" && s.Do != "advance" && d.chance("enter first", 90) {
		if sc == nil || !later(d.m.clock, b.at).Before(sc.expires) {
			s.Do = "enter"
		}
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
		s.Operator = pick(d, "operator", "ben", "ben", "ben", "nobody", s.By)
		s.Permissions = d.permissions()
		if d.chance("expires", 30) {
			s.Expires = d.m.clock.Add(pick(d, "expires in", time.Minute, 10*time.Minute, time.Hour))
		}
	case "revoke":
		s.Grant = "none"
		if len(b.grants) > 0 {
			s.Grant = pick(d, "grant", b.grants...).id
		}
	case "close incident":
		s.Seq = 1
		// An entry with two incidents cannot be named by its number.
		if len(b.incidents) > 0 {
			s.Seq = pick(d, "incident", b.incidents...).seq
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

// house is a step in the firm's own book, about ben.
func (d *draws) house(s step) step {
	s.Book, s.By = operations.BookID{Tenant: "acme", Customer: tenancy.House}, "ana"
	b := d.m.books[s.Book]
	if sc := d.m.scopes[scopeOf{s.By, s.Book}]; sc == nil || !later(d.m.clock, b.at).Before(sc.expires) {
		s.Do = "enter"
		return s
	}
	s.Operator = pick(d, "operator", "ben", "ben", "ben", "ben", "nobody")
	switch s.Do = pick(d, "house", "suspend", "reinstate", "reinstate", "allow", "allow", "revoke"); s.Do {
	case "allow":
		s.Permissions = d.permissions()
	case "revoke":
		s.Grant = "none"
		if grants := d.m.operators[operatorOf{"acme", "ben"}].grants; len(grants) > 0 {
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
		s.Via = d.via(s, "", "", "", "bank", "bank", "wire", "nowhere")
	}
	if d.chance("later", 12) {
		s.NotBefore = d.m.clock.Add(pick(d, "not before", time.Second, time.Minute, time.Hour, -time.Minute))
	}
	s.Amount = d.amount(s, b)
}

// amount is on a boundary in three of ten draws.
func (d *draws) amount(s *step, b *modelBook) string {
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
	drawn := pick(d, "boundary amount", nought(), unit(scale), unit(figPlaces), unit(scale+1), most, plus(most, unit(scale)), figOf(strings.Repeat("9", 38)), figOf("1"+strings.Repeat("0", 38)),
		minus(available, unit(scale)), available, available, plus(available, unit(scale)), figOf(transferMaximum), plus(figOf(transferMaximum), unit(scale)))
	if a := b.accounts[s.From]; a != nil && !fits(plus(a.held, drawn)) {
		return "1" // TestHoldsBeyondWhatCanBeKeptAreRefused has this one
	}
	// What is in flight does not count for what can be kept yet, see
	// TestWhatProvidersSettleCanAlwaysBeKept: the largest credits are for the
	// firm that has no providers.
	if fits(drawn) && s.Book.Tenant == "acme" && s.To != "" && drawn.Cmp(figOf("1"+strings.Repeat("0", 30))) > 0 {
		return "1"
	}
	return textOf(drawn)
}

// via is nobody in zeta, which has no providers.
func (d *draws) via(s *step, from ...string) string {
	if via := pick(d, "via", from...); s.Book.Tenant != "zeta" || via == "nowhere" {
		return via
	}
	return ""
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
		s.Via = d.via(s, "bank", "wire", "desk")
	}
	if d.chance("later", 20) {
		s.NotBefore = d.m.clock.Add(pick(d, "not before", time.Second, time.Minute, -time.Minute))
	}
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
