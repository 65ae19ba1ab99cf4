package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
)

// stream lets a request live as long as it takes, until the client leaves or the
// handler is closed.
func (h *Handler) stream(ctx context.Context, w http.ResponseWriter) (context.Context, func(), error) {
	select {
	case <-h.closed:
		return nil, nil, &trouble{code: contract.Unavailable}
	default:
	}
	select {
	case h.streams <- struct{}{}:
	default:
		return nil, nil, &trouble{code: contract.Unavailable}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a server's ReadTimeout would end it
	return ctx, func() { <-h.streams }, nil
}

// sink writes to the client of a stream, who must take what he is given in time.
type sink struct {
	http.ResponseWriter

	control *http.ResponseController
	within  time.Duration
}

func (h *Handler) sink(w http.ResponseWriter) sink {
	return sink{w, http.NewResponseController(w), h.cfg.WriteTimeout}
}

// put writes and flushes.
func (s sink) put(ctx context.Context, text *bytes.Buffer) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.within)
	defer cancel()
	stop := context.AfterFunc(limited, func() { _ = s.control.SetWriteDeadline(past()) }) // a writer without a connection has no slow reader
	defer stop()
	if _, err := text.WriteTo(s.ResponseWriter); err != nil {
		return err
	}
	return s.control.Flush()
}
