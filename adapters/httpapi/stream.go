package httpapi

import (
	"bytes"
	"context"
	"errors"
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
	control := http.NewResponseController(w) // a server's time-outs would end it; without a connection there are none
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
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

// put writes and flushes. A host's own writer that cannot flush sends when it
// likes.
func (s sink) put(ctx context.Context, text *bytes.Buffer) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.within)
	defer cancel()
	stop := context.AfterFunc(limited, func() { _ = s.control.SetWriteDeadline(past()) }) // without a connection there is no slow reader
	_, err := text.WriteTo(s.ResponseWriter)
	if err == nil {
		err = s.control.Flush()
	}
	if errors.Is(err, http.ErrNotSupported) {
		err = nil
	}
	if !stop() && err == nil {
		_ = s.control.SetWriteDeadline(time.Time{}) // it went out at the last moment
	}
	return err
}
