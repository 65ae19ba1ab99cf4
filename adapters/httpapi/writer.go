package httpapi

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// writer holds an answer back until it is whole, so that one which fails on the
// way is a problem and nothing else, and a client who does not read it is cut
// off. A stream goes through as it comes.
type writer struct {
	http.ResponseWriter

	taken  bool // there is nothing left of the request's body
	stream bool
	begun  bool // the client has some of the answer
	status int  // 0: there is none yet
	held   bytes.Buffer
}

func (w *writer) WriteHeader(status int) {
	if w.stream {
		w.begun = true
		w.ResponseWriter.WriteHeader(status)
	} else if w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(b []byte) (int, error) {
	if w.stream {
		w.begun = true
		return w.ResponseWriter.Write(b)
	}
	w.WriteHeader(http.StatusOK)
	return w.held.Write(b)
}

// Unwrap lets an http.ResponseController through.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// forget drops what is held back of an answer.
func (w *writer) forget() {
	w.status = 0
	w.held.Reset()
	w.Header().Del("Content-Length")
}

// send gives the client the answer, in the time he may take to read it.
func (w *writer) send(to sink, r *http.Request) {
	if w.status == 0 {
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(w.held.Len()))
	w.ResponseWriter.WriteHeader(w.status)
	_ = to.put(r.Context(), &w.held) // a client that has left misses nothing
}

// drain takes in a body that nobody read, as net/http does after its handlers,
// but in the time that a body may take. What does not come in until then, or is
// too much, ends the connection after the answer.
func (h *Handler) drain(w http.ResponseWriter, r *http.Request, body io.ReadCloser) {
	if r.ContentLength == 0 || body == nil {
		return
	}
	if r.ContentLength <= h.cfg.MaxBody && !strings.EqualFold(r.Header.Get("Expect"), "100-continue") { // what was not asked for does not come
		if h.read(io.Discard, w, r, body, h.cfg.MaxBody) == nil {
			return
		}
	}
	_ = http.NewResponseController(w).SetReadDeadline(past()) // without a connection there is nothing to end
}
