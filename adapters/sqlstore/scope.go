package sqlstore

import (
	"strconv"

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

// settings are the three texts that row-level security goes by: the books and
// the tenants as keys of JSON objects, and the tenant whose lists are read.
// Books that follow each other in order name each tenant once.
func (s scope) settings() (books, tenants, firm string) {
	list := make([]byte, 0, 2+len(s.books)*64)
	of := make([]byte, 0, 80)
	list, of = append(list, '{'), append(of, '{')
	for i, id := range s.books {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(strconv.AppendQuote(list, string(id.Tenant)+"/"+string(id.Customer)), ":1"...)
		if i == 0 || s.books[i-1].Tenant != id.Tenant {
			if i > 0 {
				of = append(of, ',')
			}
			of = append(strconv.AppendQuote(of, string(id.Tenant)), ":1"...)
		}
	}
	if s.firm != "" {
		if len(s.books) > 0 {
			of = append(of, ',')
		}
		of = append(strconv.AppendQuote(of, string(s.firm)), ":1"...)
	}
	return string(append(list, '}')), string(append(of, '}')), string(s.firm)
}
