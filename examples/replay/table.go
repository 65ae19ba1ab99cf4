package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// readTable gives each row of a CSV file, whose first line must name exactly
// these columns, to take. It stops at the first row with a problem; the error
// names the file, the line and each bad field.
func readTable(path string, columns []string, take func(*row)) error {
	file, err := os.Open(path) //nolint:gosec // reading the file the caller names is what the program is for
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1 // counted here, to name the field
	for first := true; ; first = false {
		values, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF) && first:
			return fmt.Errorf("%s:1: %s: the column is missing", path, columns[0])
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(path, err)
		}
		line, _ := reader.FieldPos(0)
		r := &row{path: path, line: line, columns: columns, values: values}
		r.count(first)
		if !first && len(r.problems) == 0 {
			take(r)
		}
		if err := errors.Join(r.problems...); err != nil {
			return err
		}
	}
}

func unreadable(path string, err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%s:%d: column %d: %w", path, parse.Line, parse.Column, parse.Err)
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// row is one line of a table. Its methods read a field and note what is wrong
// with it, so that all problems of a line are told together.
type row struct {
	path     string
	line     int
	columns  []string
	values   []string
	problems []error
}

func (r *row) bad(field, problem string) {
	r.problems = append(r.problems, fmt.Errorf("%s:%d: %s: %s", r.path, r.line, field, problem))
}

// count notes fields that are missing or too many, and in the first line
// columns that are others than expected.
func (r *row) count(header bool) {
	for i, column := range r.columns {
		switch {
		case i >= len(r.values):
			r.bad(column, "is missing")
		case header && r.values[i] != column:
			r.bad(column, "is not the name of this column")
		}
	}
	for i := len(r.columns); i < len(r.values); i++ {
		r.bad("field "+strconv.Itoa(i+1), "belongs to no column")
	}
}

func (r *row) text(field string) string { return r.values[slices.Index(r.columns, field)] }

// number reads a positive whole number of at most 18 digits.
func (r *row) number(field string) int64 {
	text := r.text(field)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || len(text) > 18 || strconv.FormatInt(n, 10) != text {
		r.bad(field, "is not a whole number above zero")
		return 0
	}
	return n
}

// optional is number for a field that may be empty, which reads as 0.
func (r *row) optional(field string) int64 {
	if r.text(field) == "" {
		return 0
	}
	return r.number(field)
}

// date reads a day, such as 1993-01-02.
func (r *row) date(field string) string {
	text := r.text(field)
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		r.bad(field, "is not a date like 1993-01-02")
	}
	return text
}

// amount reads a sum above zero of an asset with this scale.
func (r *row) amount(field string, scale int32) decimal.Decimal {
	d, err := accounts.ParseAmount(r.text(field), scale)
	if err == nil {
		err = accounts.CheckAmount(field, d, scale)
	}
	r.malformed(field, err)
	return d
}

// balance reads a sum of either sign.
func (r *row) balance(field string, scale int32) decimal.Decimal {
	d, err := accounts.ParseSigned(r.text(field), scale)
	r.malformed(field, err)
	return d
}

func (r *row) malformed(field string, err error) {
	var problem *tenancy.FieldError
	switch {
	case errors.As(err, &problem):
		r.bad(field, problem.Problem)
	case err != nil:
		r.bad(field, err.Error())
	}
}
