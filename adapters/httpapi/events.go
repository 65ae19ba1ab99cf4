package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// quiet is how many looks without an entry make a sign of life, so that what is
// between client and server keeps the connection.
const quiet = 15

// StreamEvents begins where the client left off; the first look is made before
// the answer begins, so that what is wrong is told as a problem.
func (s *server) StreamEvents(ctx context.Context, q contract.StreamEventsRequestObject) (contract.StreamEventsResponseObject, error) {
	sealed, err := either(q.Params.OnbehalfContext, q.Params.Context)
	if err != nil {
		return nil, err
	}
	book, err := s.book(ctx, q.Customer, sealed)
	if err != nil {
		return nil, err
	}
	after := q.Params.After
	if last := val(q.Params.LastEventID); last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 || tagless(n) != last {
			return nil, tenancy.Invalid("Last-Event-ID", "is not the seq of an entry")
		}
		after = &n
	}
	if after == nil {
		c, err := book.Customer(ctx)
		if err != nil {
			return nil, err
		}
		after = &c.Seq
	}
	first, err := book.Journal(ctx, *after, operations.MaxLimit)
	if err != nil {
		return nil, err
	}
	return &events{s, callOf(ctx).request.Method == http.MethodHead, ctx, book, *after, first}, nil
}

// events is one stream of events.
type events struct {
	s     *server
	empty bool
	ctx   context.Context //nolint:containedctx // the generated server writes an answer without one
	book  *operations.Book
	after int64
	lines []operations.Line
}

func (e *events) VisitStreamEventsResponse(w http.ResponseWriter) error {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // what proxies take as a wish not to hold it back
	w.WriteHeader(http.StatusOK)
	if e.empty {
		return nil
	}
	ctx, cancel := context.WithTimeout(e.ctx, e.s.cfg.StreamFor)
	defer cancel()
	look := time.NewTicker(e.s.cfg.Poll)
	defer look.Stop()
	to := e.s.sink(w)
	text := bytes.NewBufferString(": here\n\n")
	for idle := 0; ; {
		for i := range e.lines {
			e.entry(text, &e.lines[i])
			idle = 0
		}
		idle++
		if idle > quiet {
			text.WriteString(": here\n\n")
			idle = 0
		}
		if text.Len() > 0 && to.put(ctx, text) != nil {
			return nil // the client has left
		}
		if len(e.lines) < operations.MaxLimit {
			select {
			case <-ctx.Done():
				return nil
			case <-e.s.closed:
				return nil
			case <-look.C:
			}
		}
		var err error
		if e.lines, err = e.book.Journal(ctx, e.after, operations.MaxLimit); err != nil {
			e.end(ctx, to, err)
			return nil
		}
	}
}

// entry writes one event.
func (e *events) entry(text *bytes.Buffer, l *operations.Line) {
	e.after = l.Seq
	v := contract.Event{Seq: l.Seq, At: l.At, Action: string(l.Action), Operation: opt(string(l.Operation)), Refused: opt(len(l.Refused) > 0)}
	if len(l.Actors) > 0 {
		v.Operator = l.Actors[0].ID
	}
	for _, o := range l.Effects.Operations {
		if o.ID == l.Operation {
			v.State, v.Version = &o.State, &o.Version
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return // strings, numbers and a time always become JSON
	}
	text.WriteString("event: entry\nid: " + tagless(l.Seq) + "\ndata: ")
	text.Write(b)
	text.WriteString("\n\n")
}

// end tells why access has ended; whatever else ends a stream, its client comes
// back.
func (e *events) end(ctx context.Context, to sink, err error) {
	if !errors.Is(err, operations.ErrRefused) && !errors.Is(err, operations.ErrNotFound) {
		return
	}
	b, err := json.Marshal(problemOf(err))
	if err != nil {
		return // as above
	}
	_ = to.put(ctx, bytes.NewBufferString("event: ended\ndata: "+string(b)+"\n\n")) // a client that has left needs no reason
}

func tagless(n int64) string { return strconv.FormatInt(n, 10) }
