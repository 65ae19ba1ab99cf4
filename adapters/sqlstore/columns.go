package sqlstore

import (
	"database/sql"
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// The readers of columns. NULL leaves the zero value, which is what the far
// side of an outer join should be. Anything a column cannot hold is damage.

type textColumn[T ~string] struct{ to *T }

func toText[T ~string](to *T) sql.Scanner { return textColumn[T]{to} }

// Scan reads a TEXT column.
func (c textColumn[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c.to = ""
	case string:
		*c.to = T(v)
	case []byte:
		*c.to = T(v)
	default:
		return damaged("a text column holds %T", src)
	}
	return nil
}

type intColumn[T ~int | ~int64] struct{ to *T }

func toInt[T ~int | ~int64](to *T) sql.Scanner { return intColumn[T]{to} }

// Scan reads an INTEGER column.
func (c intColumn[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c.to = 0
	case int64:
		*c.to = T(v)
	default:
		return damaged("an integer column holds %T", src)
	}
	return nil
}

type timeColumn struct{ to *time.Time }

func toTime(to *time.Time) sql.Scanner { return timeColumn{to} }

// Scan reads microseconds.
func (c timeColumn) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c.to = time.Time{}
	case int64:
		*c.to = time.UnixMicro(v).UTC()
	default:
		return damaged("a time column holds %T", src)
	}
	return nil
}

type hashColumn struct{ to *operations.Hash }

func toHash(to *operations.Hash) sql.Scanner { return hashColumn{to} }

// Scan reads the bytes of a digest.
func (c hashColumn) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c.to = operations.Hash{}
	case []byte:
		if len(v) != len(c.to) {
			return damaged("a digest has %d bytes", len(v))
		}
		copy(c.to[:], v)
	default:
		return damaged("a digest column holds %T", src)
	}
	return nil
}

type amountColumn struct{ to *decimal.Decimal }

func toAmount(to *decimal.Decimal) sql.Scanner { return amountColumn{to} }

// Scan reads canonical decimal text.
func (c amountColumn) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case nil:
		*c.to = decimal.Decimal{}
		return nil
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return damaged("an amount column holds %T", src)
	}
	d, err := accounts.ParseSigned(text, accounts.MaxScale)
	if err != nil || accounts.Canonical(d) != text {
		return damaged("an amount is not canonical")
	}
	*c.to = d
	return nil
}

// micros is a time that is always there.
func micros(t time.Time) any { return t.UnixMicro() }

// optional is a time whose zero value is NULL.
func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// list is the members as a JSON array; NULL when there are none.
func list[T ~string](members []T) (any, error) {
	if len(members) == 0 {
		return nil, nil //nolint:nilnil // NULL is the value
	}
	return jsonArray(members)
}

// jsonArray is the members as a JSON array, which may be empty.
func jsonArray[T ~string](members []T) (any, error) {
	b, err := json.Marshal(append([]T{}, members...))
	return string(b), err
}

func entryInto(e *operations.Sealed) []any {
	return []any{
		toInt(&e.Seq), toHash(&e.Prev), toHash(&e.Hash), toTime(&e.At), toText(&e.Action),
		toText(&e.Operation), toText(&e.Key), toHash(&e.Fingerprint), &e.Bytes,
	}
}

func scanEntry(rows *sql.Rows, e *operations.Sealed) error { return rows.Scan(entryInto(e)...) }

func operationInto(o *operations.OperationRow) []any {
	return []any{
		toText(&o.ID), toInt(&o.Created), toInt(&o.Updated), toInt(&o.Version), toText(&o.State), toText(&o.Kind), toText(&o.Asset),
		toText(&o.From), toText(&o.To), toAmount(&o.Amount), toText(&o.Maker), toTime(&o.CreatedAt), toTime(&o.Due),
	}
}

func scanPosting(rows *sql.Rows, p *operations.PostingRow) error {
	return rows.Scan(toInt(&p.Seq), toInt(&p.N), toTime(&p.At), toText(&p.Operation), toText(&p.Ref), toText(&p.Asset),
		toAmount(&p.Amount), toAmount(&p.Balance))
}

func scanCustomer(rows *sql.Rows, c *operations.CustomerItem) error {
	return rows.Scan(toText(&c.ID), toText(&c.Row.Type), toText(&c.Row.Status), toText(&c.Row.Country), &c.Row.Name, &c.Row.TaxID,
		toTime(&c.Row.OpenedAt), toText(&c.Row.OpenedBy), toTime(&c.Row.UpdatedAt), toText(&c.Row.UpdatedBy))
}
