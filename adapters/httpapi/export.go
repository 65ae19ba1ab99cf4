package httpapi

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// ExportOperations asks for the first page before the answer begins, so that what
// is wrong is told as a problem.
func (s *server) ExportOperations(ctx context.Context, q contract.ExportOperationsRequestObject) (contract.ExportOperationsResponseObject, error) {
	filter, err := filterOf(&q.Params)
	if err != nil {
		return nil, err
	}
	sealed, err := either(q.Params.OnbehalfContext, q.Params.Context)
	if err != nil {
		return nil, err
	}
	book, err := s.book(ctx, q.Customer, sealed)
	if err != nil {
		return nil, err
	}
	first, err := book.History(ctx, filter, "", operations.MaxLimit)
	if err != nil {
		return nil, err
	}
	return export{s, callOf(ctx), first, func(cursor string) (operations.Operations, error) {
		return book.History(ctx, filter, cursor, operations.MaxLimit)
	}}, nil
}

// either is a page context from the header or, for clients that cannot set one,
// from the query; never from both, as one of them would not be looked at.
func either(header, query *string) (string, error) {
	if header != nil && query != nil {
		return "", tenancy.Invalid("context", "is there more than once")
	}
	return val(header) + val(query), nil
}

// export writes operations as a table, a page at a time.
type export struct {
	s     *server
	call  *call
	first operations.Operations
	next  func(cursor string) (operations.Operations, error)
}

func (e export) VisitExportOperationsResponse(w http.ResponseWriter) error {
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	header.Set("Content-Disposition", `attachment; filename="operations.csv"`)
	w.WriteHeader(http.StatusOK)
	if e.call.request.Method == http.MethodHead {
		return nil
	}
	var text bytes.Buffer
	table := csv.NewWriter(&text)
	table.UseCRLF = true
	rows := [][]string{{
		"id", "created_at", "updated_at", "state", "version", "kind", "from", "to", "asset", "amount", "debit", "credit", "fees",
		"via", "purpose", "reference", "not_before", "parent", "maker", "outcome",
	}}
	to := e.s.sink(w)
	for page := e.first; ; {
		for i := range page.Items {
			rows = append(rows, row(&page.Items[i]))
		}
		err := table.WriteAll(rows)
		if err == nil {
			err = to.put(e.call.request.Context(), &text)
		}
		if err == nil && page.Next == "" {
			return nil
		}
		if err == nil && e.s.ended() {
			err = http.ErrServerClosed
		}
		if err == nil {
			page, err = e.next(page.Next)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the answer has begun: the client must see that it is not whole
		}
		rows = rows[:0]
	}
}

// ended tells whether the handler was closed.
func (h *Handler) ended() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}

func row(o *operations.Operation) []string {
	var fees []string
	for _, f := range o.Terms.Fees {
		fees = append(fees, f.Fee+" "+f.Amount.String()+" "+f.Asset)
	}
	notBefore, ended := "", ""
	if !o.Order.NotBefore.IsZero() {
		notBefore = o.Order.NotBefore.Format(time.RFC3339Nano)
	}
	if o.Outcome != nil {
		ended = o.Outcome.Code
	}
	return []string{
		string(o.ID), o.CreatedAt.Format(time.RFC3339Nano), o.UpdatedAt.Format(time.RFC3339Nano), string(o.State), tagless(o.Version), cell(o.Order.Kind),
		string(o.Order.From), string(o.Order.To), o.Terms.Asset, o.Order.Amount.String(), o.Terms.Debit.String(), o.Terms.Credit.String(),
		cell(strings.Join(fees, "; ")), cell(o.Order.Via), cell(o.Order.Purpose), cell(o.Order.Reference), notBefore, string(o.Parent), cell(o.Maker.ID), cell(ended),
	}
}

// cell keeps a spreadsheet from taking a text for a formula: one that begins,
// after whatever blanks, with a character that begins one, in full width too.
func cell(text string) string {
	for _, r := range text {
		switch {
		case strings.ContainsRune("=+-@＝＋－＠\t\r\n", r):
			return "'" + text
		case !unicode.IsSpace(r) && unicode.IsPrint(r):
			return text
		}
	}
	return text
}
