package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

const tenant = tenancy.TenantID("bank1993")

// bank is the firm that operates the accounts: its administrator opens books
// and verifies them, a clerk enters what the owners want, a posting operator
// what the bank itself charges and credits.
type bank struct {
	eng   *operations.Engine
	firm  tenancy.Scope
	house tenancy.Scope
}

// book is one owner with his accounts.
type book struct {
	owner    int64
	holdings []*holding
	manager  tenancy.Scope
	clerk    tenancy.Scope
	posting  tenancy.Scope
}

// holding is an account in its owner's book.
type holding struct {
	*record
	account   accounts.ID
	disponent tenancy.Scope // zero when there is none
}

func staff(name string) tenancy.Principal {
	return tenancy.Principal{Tenant: tenant, Operator: tenancy.OperatorID(name), Person: tenancy.PersonID("staff-" + name)}
}

func admin() tenancy.Principal   { return staff("admin") }
func clerk() tenancy.Principal   { return staff("clerk") }
func posting() tenancy.Principal { return staff("posting") }

// person is a client of the bank as a natural person.
func person(client int64) tenancy.PersonID {
	return tenancy.PersonID("client-" + strconv.FormatInt(client, 10))
}

// disponent is a client as an operator for other clients.
func disponent(client int64) tenancy.Principal {
	return tenancy.Principal{
		Tenant: tenant, Operator: tenancy.OperatorID("disponent-" + strconv.FormatInt(client, 10)), Person: person(client),
	}
}

func operating() tenancy.Permissions {
	return tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute)
}

// openBank founds the firm and registers everyone who acts for it. Like all
// that the program asks of the engine it goes by keys that follow from the
// data: done before, it is not done again.
func openBank(ctx context.Context, eng *operations.Engine, records []*record) (*bank, error) {
	b := &bank{eng: eng}
	var err error
	if b.firm, err = eng.Bootstrap(ctx, tenancy.Firm{Tenant: tenant, Name: "A bank of 1993", Admin: admin()}); err != nil {
		return nil, fmt.Errorf("found the firm: %w", err)
	}
	if b.house, err = eng.Gate().Own(ctx, admin(), ""); err != nil {
		return nil, fmt.Errorf("enter the house: %w", err)
	}
	if err := b.register(ctx, clerk()); err != nil {
		return nil, err
	}
	if err := b.register(ctx, posting()); err != nil {
		return nil, err
	}
	err = b.manage(ctx, b.house, "allow-clerk", tenancy.Allow{Operator: clerk().Operator, Everyone: true, Permissions: operating()})
	if err != nil {
		return nil, err
	}
	err = b.manage(ctx, b.house, "allow-posting", tenancy.Allow{
		Operator: posting().Operator, Everyone: true, Permissions: operating().With(tenancy.Adjust),
	})
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{0: true}
	for _, a := range records {
		if seen[a.disponent] {
			continue
		}
		seen[a.disponent] = true
		if err := b.register(ctx, disponent(a.disponent)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *bank) register(ctx context.Context, p tenancy.Principal) error {
	return b.manage(ctx, b.house, "register-"+string(p.Operator), tenancy.Register{Operator: p.Operator, Person: p.Person})
}

func (b *bank) manage(ctx context.Context, s tenancy.Scope, key string, x operations.Administrative) error {
	if _, err := b.eng.Manage(ctx, s, operations.Intent{Key: key}, x); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// books gathers the accounts by owner, in the order of the data.
func books(records []*record) []*book {
	var all []*book
	byOwner := map[int64]*book{}
	for _, a := range records {
		k := byOwner[a.owner]
		if k == nil {
			k = &book{owner: a.owner}
			byOwner[a.owner] = k
			all = append(all, k)
		}
		k.holdings = append(k.holdings, &holding{record: a})
	}
	return all
}

func (k *book) moves() int {
	n := 0
	for _, h := range k.holdings {
		n += len(h.moves)
	}
	return n
}

// open makes the owner a customer, opens his accounts, gives those entitled to
// operate them a grant for him alone, and enters for everyone who will act.
func (b *bank) open(ctx context.Context, k *book) error {
	client := strconv.FormatInt(k.owner, 10)
	made, err := b.eng.OpenCustomer(ctx, b.firm, operations.Intent{Key: "client-" + client},
		customer.Profile{Name: "Client " + client, Country: "CZ", Person: person(k.owner)})
	if err != nil {
		return fmt.Errorf("open client %s: %w", client, err)
	}
	enter := func(p tenancy.Principal) (tenancy.Scope, error) {
		s, err := b.eng.Gate().Enter(ctx, p, made.ID, "replay of the bank's records")
		if err != nil {
			return s, fmt.Errorf("enter client %s as %s: %w", client, p.Operator, err)
		}
		return s, nil
	}
	if k.manager, err = enter(admin()); err != nil {
		return err
	}
	if k.clerk, err = enter(clerk()); err != nil {
		return err
	}
	if k.posting, err = enter(posting()); err != nil {
		return err
	}
	for _, h := range k.holdings {
		if err := b.openAccount(ctx, k, h); err != nil {
			return fmt.Errorf("client %s: %w", client, err)
		}
		if h.record.disponent == 0 {
			continue
		}
		p := disponent(h.record.disponent)
		err := b.manage(ctx, k.manager, "allow-"+string(p.Operator), tenancy.Allow{Operator: p.Operator, Permissions: operating()})
		if err != nil {
			return err
		}
		if h.disponent, err = enter(p); err != nil {
			return err
		}
	}
	return nil
}

func (b *bank) openAccount(ctx context.Context, k *book, h *holding) error {
	id := strconv.FormatInt(h.id, 10)
	made, err := b.eng.Manage(ctx, k.manager, operations.Intent{Key: "account-" + id}, accounts.Open{
		Name: "Account " + id, Currency: h.currency, DebtLimit: h.limit,
		Details: accounts.Details{Bank: string(tenant), Branch: "main", Number: id},
	})
	if err != nil {
		return fmt.Errorf("open account %s: %w", id, err)
	}
	h.account = made.Account
	return nil
}
