package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// bookFiles is how the files of books end.
const bookFiles = ".jsonl"

type exportCmd struct {
	Customer string `help:"Only this book; house for the firm's own." placeholder:"ID" required:"true" xor:"which"`
	All      bool   `help:"Every book of the firm, as the owner of the database: nobody signs in for it." required:"true" xor:"which"`
	To       string `help:"A folder for all, made if need be, in which each book gets a file; or the file for the one." placeholder:"PATH" required:"true" type:"path"`
}

// movedDoc is what was written to files, or brought in from them.
type movedDoc struct {
	What  string    `json:"what"`
	Books []bookDoc `json:"books"`
}

type bookDoc struct {
	File    string             `json:"file"`
	Firm    tenancy.TenantID   `json:"firm"`
	Book    tenancy.CustomerID `json:"book"`
	Entries int64              `json:"entries"`
	Head    string             `json:"head"` // hash of the last entry: the same on both sides
	Stored  *int64             `json:"stored,omitempty"`
}

func (d movedDoc) draw(p *page) {
	rows := make([][]cell, len(d.Books))
	for i, b := range d.Books {
		stored := ""
		if b.Stored != nil {
			stored = fmt.Sprint(*b.Stored)
		}
		rows[i] = []cell{is(string(b.Firm)), is(string(b.Book)), is(fmt.Sprint(b.Entries)), is(stored), toned(faint, b.Head[:12]), is(filepath.Base(b.File))}
	}
	p.linef(plain, "%s", d.What)
	p.table([]column{col("firm"), col("book"), num("entries"), num("new here"), col("head"), col("file")}, rows)
}

// Run writes the files. No file that is there is written over.
func (x *exportCmd) Run(ctx context.Context, c *caller) error {
	d := movedDoc{What: "exported, with personal data: keep the files as the database itself"}
	if !x.All {
		s, scope, err := book{x.Customer}.enter(ctx, c)
		if err != nil {
			return err
		}
		done, err := writeBook(x.To, func(w io.Writer) (operations.Exported, error) { return s.eng.Book(scope).Export(ctx, w) })
		if err != nil {
			return err
		}
		d.Books = append(d.Books, done)
		return c.out.show(d)
	}
	if err := c.unlock(ctx, false); err != nil {
		return err
	}
	books, err := c.desk.books(ctx)
	if err != nil {
		return err
	}
	if len(books) == 0 {
		return fmt.Errorf("export: firm %s: %w", c.desk.firm, operations.ErrNotFound)
	}
	if err := os.MkdirAll(x.To, 0o700); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for _, id := range books {
		done, err := writeBook(filepath.Join(x.To, string(id)+bookFiles), func(w io.Writer) (operations.Exported, error) {
			return c.desk.eng.Export(ctx, operations.BookID{Tenant: c.desk.firm, Customer: id}, w)
		})
		if err != nil {
			return fmt.Errorf("book %s: %w", id, err)
		}
		d.Books = append(d.Books, done)
	}
	return c.out.show(d)
}

// writeBook makes the file, for the owner's eyes; of what failed nothing is left.
func writeBook(name string, export func(io.Writer) (operations.Exported, error)) (_ bookDoc, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the file the caller names
	if err != nil {
		return bookDoc{}, fmt.Errorf("export: %w", err)
	}
	done, err := export(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return bookDoc{}, errors.Join(err, os.Remove(name))
	}
	return bookDoc{File: name, Firm: done.Book.Tenant, Book: done.Book.Customer, Entries: done.Head.Seq, Head: done.Head.Hash.String()}, nil
}

type importCmd struct {
	Files []string `arg:"" help:"Files that export wrote, or folders of them." type:"path"`
}

// Run brings the books in, the house's first. It is the owner's own work: nobody
// signs in for it.
func (x *importCmd) Run(ctx context.Context, c *caller) error {
	names, err := x.names()
	if err != nil {
		return err
	}
	if err := c.unlock(ctx, true); err != nil {
		return err
	}
	d := movedDoc{What: "imported and verified"}
	for _, name := range names {
		done, err := readBook(ctx, c.desk.eng, name)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		d.Books = append(d.Books, done)
	}
	return c.out.show(d)
}

// names are the files, one by one.
func (x *importCmd) names() ([]string, error) {
	var all []string
	for _, name := range x.Files {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("import: %w: %w", operations.ErrNotFound, err)
		case err != nil:
			return nil, fmt.Errorf("import: %w", err)
		case !info.IsDir():
			all = append(all, name)
			continue
		}
		inside, err := os.ReadDir(name)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		for _, entry := range inside {
			if filepath.Ext(entry.Name()) == bookFiles {
				all = append(all, filepath.Join(name, entry.Name()))
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("import: %w: there is no file of a book", operations.ErrNotFound)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	houseFirst(all, func(name string) bool { return filepath.Base(name) == string(tenancy.House)+bookFiles })
	return all, nil
}

func readBook(ctx context.Context, eng *operations.Engine, name string) (bookDoc, error) {
	f, err := os.Open(name) //nolint:gosec // the file the caller names
	if err != nil {
		return bookDoc{}, fmt.Errorf("import: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	done, err := eng.Import(ctx, f)
	if err != nil {
		return bookDoc{}, err
	}
	return bookDoc{
		File: name, Firm: done.Book.Tenant, Book: done.Book.Customer, Entries: done.Head.Seq, Head: done.Head.Hash.String(), Stored: &done.Stored,
	}, nil
}
