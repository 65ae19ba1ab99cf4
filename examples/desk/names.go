package main

import (
	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// names are a customer's accounts as he calls them. Where they were not read,
// or have no name, ids stand in their place.
type names map[accounts.ID]string

func (d accountsDoc) names() names {
	all := make(names, len(d.Accounts))
	for _, a := range d.Accounts {
		all[a.ID] = a.Name
	}
	return all
}

func (n names) of(id accounts.ID) string {
	if n[id] != "" {
		return n[id]
	}
	return string(id)
}

// ref is of for the leg of an entry.
func (n names) ref(r accounts.Ref) string {
	if id, ok := r.Account(); ok {
		return n.of(id)
	}
	return string(r)
}

// route is where the money of an order goes from and to.
func (n names) route(o operations.Order) string {
	end := func(id accounts.ID) string {
		if id == "" {
			return "outside"
		}
		return n.of(id)
	}
	return end(o.From) + " → " + end(o.To)
}
