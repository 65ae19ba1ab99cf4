package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/operations"
)

// A double click, from 32 places at once: one effect, and the same answer for all.
func TestManyClicksAreOneOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve()
	a := does("POST", "/submit", fmt.Sprintf(`{"kind":"deposit","to":%q,"amount":"7.00"}`, w.brl))(w)
	requests := make([]*http.Request, 32)
	for i := range requests {
		requests[i] = w.over(s, a)
	}
	var first, again atomic.Int64
	var ids sync.Map
	var g sync.WaitGroup
	for _, r := range requests {
		g.Go(func() {
			got, err := s.Client().Do(r)
			if err != nil {
				return // counted by what is missing
			}
			defer got.Body.Close() //nolint:errcheck // it is read to its end
			body, err := io.ReadAll(got.Body)
			if err != nil || got.StatusCode != http.StatusCreated {
				return
			}
			ids.Store(strings.Replace(string(body), `"replayed":true`, `"replayed":false`, 1), true)
			if got.Header.Get("Idempotent-Replayed") == "true" {
				again.Add(1)
			} else {
				first.Add(1)
			}
		})
	}
	g.Wait()
	require.EqualValues(t, 1, first.Load())
	require.EqualValues(t, 31, again.Load())
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	require.Equal(t, 1, n)
	all, err := w.eng.Book(w.scopes[string(w.maria)]).Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, "10007", all[0].Posted.String())
}

// A server that stops answers what it has begun: what was answered is there, and
// nothing else.
func TestAGracefulStopLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve()
	requests := make([]*http.Request, 400)
	for i := range requests {
		requests[i] = w.over(s, does("POST", "/submit", fmt.Sprintf(`{"kind":"deposit","to":%q,"amount":"1.00"}`, w.brl))(w))
	}
	var made, refused atomic.Int64
	var strange sync.Map
	half := make(chan struct{})
	next := make(chan *http.Request)
	var g sync.WaitGroup
	for range 50 {
		g.Go(func() {
			for r := range next {
				got, err := s.Client().Do(r)
				if err != nil {
					if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.As(err, new(*net.OpError)) {
						strange.Store(err.Error(), true)
					}
					refused.Add(1)
					continue
				}
				if got.StatusCode != http.StatusCreated {
					strange.Store(got.Status, true)
				}
				if made.Add(1) == 50 {
					close(half)
				}
				_ = got.Body.Close()
			}
		})
	}
	g.Go(func() {
		for _, r := range requests {
			next <- r
		}
		close(next)
	})
	<-half
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, s.Config.Shutdown(ctx))
	g.Wait()
	strange.Range(func(what, _ any) bool {
		require.Fail(t, "neither an answer nor no connection", "%v", what)
		return false
	})
	require.EqualValues(t, len(requests), made.Load()+refused.Load())
	all, err := w.eng.Book(w.scopes[string(w.maria)]).Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, money("10000").Add(money(fmt.Sprint(made.Load()))).String(), all[0].Posted.String())
}

// A reader of an export who stops reading is cut off, and nothing stays behind.
func TestAReaderWhoStopsIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t), func(c *httpapi.Config) { c.WriteTimeout, c.MaxStreams = 500*time.Millisecond, 1 })
	for range 3000 {
		w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money("1"), Reference: strings.Repeat("r", 128), Purpose: strings.Repeat("p", 64)})
	}
	s := w.serve(func(s *http.Server) {
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetWriteBuffer(4096) // what it holds back is not much
			}
			return ctx
		}
	})
	a := ask{method: "GET", path: w.path("/operations.csv"), context: string(w.maria)}
	r := w.over(s, a)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	tcp, ok := conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, tcp.SetReadBuffer(4096))
	require.NoError(t, r.Write(conn))
	status := func() int {
		return w.get(s, ask{method: "GET", path: w.path("/operations.csv?kind=none"), context: string(w.maria)}).code
	}
	require.Eventually(t, func() bool { return status() == http.StatusServiceUnavailable }, 20*time.Second, 2*time.Millisecond, "the one stream there may be is taken")
	require.Eventually(t, func() bool { return status() == http.StatusOK }, 20*time.Second, 20*time.Millisecond, "and free again")
}
