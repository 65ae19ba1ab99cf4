package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// verifyDoc is what a verification of one or all books found.
type verifyDoc struct {
	Sound bool       `json:"sound"`
	Books []soundDoc `json:"books"`
	Root  string     `json:"root,omitempty"` // over the heads of all books: sign it and keep it elsewhere

	failed error // a book that could not be read at all
}

type soundDoc struct {
	Book    tenancy.CustomerID `json:"book"`
	Entries int64              `json:"entries"`
	Erased  []string           `json:"erased,omitempty"` // personal data that were erased: no fault
	Faults  []faultDoc         `json:"faults,omitempty"`
	Error   string             `json:"error,omitempty"` // it could not be verified
}

type faultDoc struct {
	Entry int64  `json:"entry,omitempty"` // the seq it is about
	What  string `json:"what"`
	Text  string `json:"text"`
}

// verifyAll verifies every book of the firm, as the owner of the database: a
// book may be too damaged for anyone to enter it.
func (s *seat) verifyAll(ctx context.Context) (verifyDoc, error) {
	books, err := s.books(ctx)
	if err != nil {
		return verifyDoc{}, err
	}
	d := s.verify(ctx, books...)
	scope, err := s.across(ctx)
	if errors.Is(err, operations.ErrDamaged) {
		return d, nil // the house's book is among those found damaged: there is no root to vouch for
	}
	if err != nil {
		return verifyDoc{}, err
	}
	root, err := s.eng.Firm(scope).Heads(ctx)
	if err != nil {
		return verifyDoc{}, fmt.Errorf("sum heads: %w", err)
	}
	d.Root = root.Hash.String()
	return d, nil
}

// books lists the books of the firm, the house first.
func (d *desk) books(ctx context.Context) ([]tenancy.CustomerID, error) {
	var books []tenancy.CustomerID
	for after := tenancy.CustomerID(""); ; {
		heads, err := d.store.Heads(ctx, d.firm, after, operations.MaxLimit)
		if err != nil {
			return nil, fmt.Errorf("list books: %w", err)
		}
		for _, h := range heads {
			books = append(books, h.Customer)
			after = h.Customer
		}
		if len(heads) < operations.MaxLimit {
			break
		}
	}
	houseFirst(books, func(id tenancy.CustomerID) bool { return id == tenancy.House })
	return books, nil
}

// houseFirst moves what is the house's to the front and leaves the rest in order.
func houseFirst[T any](all []T, house func(T) bool) {
	slices.SortStableFunc(all, func(a, b T) int {
		switch {
		case house(a) == house(b):
			return 0
		case house(a):
			return -1
		}
		return 1
	})
}

// verify verifies the named books.
func (s *seat) verify(ctx context.Context, books ...tenancy.CustomerID) verifyDoc {
	d := verifyDoc{Sound: true}
	for _, id := range books {
		found, err := s.verifyOne(ctx, id)
		if err != nil {
			found.Error = err.Error()
			d.failed = errors.Join(d.failed, fmt.Errorf("book %s: %w", id, err))
		}
		d.Sound = d.Sound && err == nil && len(found.Faults) == 0
		d.Books = append(d.Books, found)
	}
	return d
}

func (s *seat) verifyOne(ctx context.Context, id tenancy.CustomerID) (soundDoc, error) {
	d := soundDoc{Book: id}
	v, err := s.eng.Verify(ctx, operations.BookID{Tenant: s.firm, Customer: id})
	if err != nil {
		return d, err
	}
	if v.Head.Seq == 0 {
		return d, operations.ErrNotFound
	}
	d.Entries, d.Erased = v.Entries, v.Erased
	for _, f := range v.Faults {
		d.Faults = append(d.Faults, faultDoc{f.Seq, f.What, f.Text})
	}
	return d, nil
}

// err is what a verification ends with.
func (d verifyDoc) err() error {
	for _, b := range d.Books {
		if len(b.Faults) > 0 {
			return errDamage
		}
	}
	return d.failed
}

func (d verifyDoc) draw(p *page) {
	rows := make([][]cell, len(d.Books))
	for i, b := range d.Books {
		finding := toned(good, "sound")
		if len(b.Erased) > 0 {
			finding = toned(good, "sound; personal data erased: "+fmt.Sprint(len(b.Erased)))
		}
		if b.Error != "" {
			finding = toned(bad, "not verified: "+b.Error)
		}
		if len(b.Faults) > 0 {
			finding = toned(bad)
			for _, f := range b.Faults {
				finding.lines = append(finding.lines, f.String())
			}
		}
		rows[i] = []cell{is(string(b.Book)), is(fmt.Sprint(b.Entries)), finding}
	}
	p.table([]column{col("book"), num("entries"), col("found")}, rows)
	if d.Root != "" {
		p.linef(faint, "root over all heads: %s", d.Root)
	}
}

func (f faultDoc) String() string {
	if f.Entry == 0 {
		return f.What + ": " + f.Text
	}
	return fmt.Sprintf("%s %d: %s", f.What, f.Entry, f.Text)
}
