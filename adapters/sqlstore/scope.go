package sqlstore

import (
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// scope is what the rows of one call may belong to. A database that guards its
// rows is told when the transaction begins; what the statements name beside it
// is the same, so that either would do alone.
type scope struct {
	books []operations.BookID
	firm  tenancy.TenantID // for lists over the books of a tenant
	queue bool             // for what waits in the books of all tenants
}

func ofBook(id operations.BookID) scope    { return scope{books: []operations.BookID{id}} }
func ofFirm(tenant tenancy.TenantID) scope { return scope{firm: tenant} }

func ofRuns(runs []operations.Run, order []int) scope {
	s := scope{books: make([]operations.BookID, len(order))}
	for n, i := range order {
		s.books[n] = runs[i].Book
	}
	return s
}

// settings are the three texts that row-level security goes by: the books, the
// tenants, and the tenant whose lists are read. No id has a comma or a slash.
// Books that follow each other in order name each tenant once.
func (s scope) settings() (books, tenants, firm string) {
	list := make([]byte, 0, len(s.books)*64)
	of := make([]byte, 0, 64)
	for i, id := range s.books {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(append(append(list, id.Tenant...), '/'), id.Customer...)
		if i == 0 || s.books[i-1].Tenant != id.Tenant {
			of = add(of, id.Tenant)
		}
	}
	if s.firm != "" {
		of = add(of, s.firm)
	}
	return string(list), string(of), string(s.firm)
}

func add(list []byte, tenant tenancy.TenantID) []byte {
	if len(list) > 0 {
		list = append(list, ',')
	}
	return append(list, tenant...)
}
