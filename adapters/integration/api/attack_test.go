package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

// patience is how long a test waits for what must come soon.
const patience = 20 * time.Second

// wire is a connection on which a test writes what no client of net/http would.
type wire struct {
	t *testing.T
	net.Conn

	in *bufio.Reader
}

func dial(t *testing.T, s *httptest.Server) *wire {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return &wire{t, conn, bufio.NewReader(conn)}
}

// say writes the head of a request and whatever is to come after it.
func (w *wire) say(head string, after ...string) *wire {
	w.t.Helper()
	_, err := io.WriteString(w, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+strings.Join(after, ""))
	require.NoError(w.t, err)
	return w
}

// status is that of the next answer; 0 where the connection ended without one.
func (w *wire) status() int {
	w.t.Helper()
	got, err := http.ReadResponse(w.in, nil)
	if err != nil {
		require.NotErrorIs(w.t, err, os.ErrDeadlineExceeded, "there is no answer, and the connection is still open")
		return 0
	}
	_, err = io.Copy(io.Discard, got.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, got.Body.Close())
	return got.StatusCode
}

// ends waits for the server to hang up.
func (w *wire) ends() {
	w.t.Helper()
	_, err := io.Copy(io.Discard, w.in)
	require.NotErrorIs(w.t, err, os.ErrDeadlineExceeded, "the connection is still open")
}

func hasty(c *httpapi.Config) {
	c.BodyTimeout, c.WriteTimeout = 50*time.Millisecond, 200*time.Millisecond
}

// Whoever sends a body slowly, or not at all, is cut off: on routes that take one
// and on those that take none, logged in or not.
func TestNobodyHoldsAConnectionByABodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"logged in":                "POST /desk/ops/customers/x/context HTTP/1.1\nHost: x\nTest-Operator: ana\nContent-Type: application/json\nContent-Length: 100",
		"nobody":                   "POST /desk/ops/customers/x/context HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 100",
		"of another type":          "POST /desk/ops/customers/x/context HTTP/1.1\nHost: x\nTest-Operator: ana\nContent-Type: text/plain\nContent-Length: 100",
		"in chunks":                "POST /desk/ops/customers/x/context HTTP/1.1\nHost: x\nTest-Operator: ana\nContent-Type: application/json\nTransfer-Encoding: chunked",
		"where none is taken":      "GET /desk/ops/session HTTP/1.1\nHost: x\nTest-Operator: ana\nTransfer-Encoding: chunked",
		"of a length, none taken":  "GET /desk/ops/session HTTP/1.1\nHost: x\nTest-Operator: ana\nContent-Length: 1",
		"where nobody logs in":     "GET /desk/ops/health HTTP/1.1\nHost: x\nContent-Length: 10",
		"on no route":              "POST /desk/ops/nothing HTTP/1.1\nHost: x\nContent-Length: 10",
		"of an export":             "GET /desk/ops/customers/x/operations.csv HTTP/1.1\nHost: x\nTest-Operator: ana\nContent-Length: 10",
		"after asking to go ahead": "POST /desk/ops/customers/x/context HTTP/1.1\nHost: x\nTest-Operator: ana\nContent-Type: application/json\nContent-Length: 100\nExpect: 100-continue",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, contract(t), hasty)
			c := dial(t, w.serve()).say(head)
			status := c.status()
			if status == http.StatusContinue {
				status = c.status()
			}
			require.Contains(t, []int{400, 401, 404, 415}, status)
			c.ends()
		})
	}
}

// A request whose length is told in two ways, or told wrong, is one request at
// most, and has no effect.
func TestRequestsThatLieAboutTheirLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t), hasty)
	s := w.serve()
	own := w.enter("ana", string(w.maria))
	body := fmt.Sprintf(`{"kind":"deposit","to":%q,"amount":"7.00"}`, w.brl)
	head := "POST /desk/ops" + w.path("/submit") + " HTTP/1.1\nHost: x\nTest-Operator: ana\nContent-Type: application/json\nIdempotency-Key: lie\nOnbehalf-Context: " + own
	before := w.heads()
	for name, c := range map[string]struct{ lengths, body string }{
		"two lengths":            {fmt.Sprintf("\nContent-Length: %d\nContent-Length: 3", len(body)), body},
		"a list of lengths":      {fmt.Sprintf("\nContent-Length: %d, 3", len(body)), body},
		"a sign":                 {fmt.Sprintf("\nContent-Length: +%d", len(body)), body},
		"too long":               {fmt.Sprintf("\nContent-Length: %d", len(body)+1), body},
		"too short":              {fmt.Sprintf("\nContent-Length: %d", len(body)-1), body},
		"chunks of another kind": {"\nTransfer-Encoding: xchunked", body},
		"chunks twice":           {"\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked", body},
		"a chunk too long":       {"\nTransfer-Encoding: chunked", "fffffffffffffffff\r\n" + body},
		"chunks without end":     {"\nTransfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n", len(body), body)},
	} {
		status := dial(t, s).say(head+c.lengths, c.body).status()
		require.Contains(t, []int{400, 501}, status, name)
	}
	require.Equal(t, before, w.heads())
	// With both a length and chunks, the chunks count.
	c := dial(t, s).say(head+"\nContent-Length: 3\nTransfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body))
	require.Equal(t, 201, c.status())
}

func TestHeadsOfRequestsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve(func(s *http.Server) {
		require.Equal(t, 5*time.Second, s.ReadHeaderTimeout)
		require.Equal(t, time.Minute, s.IdleTimeout)
		require.Equal(t, 16<<10, s.MaxHeaderBytes)
		s.ReadHeaderTimeout, s.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond
		httpapi.Harden(s)
		require.Equal(t, 50*time.Millisecond, s.ReadHeaderTimeout, "what a host has chosen stays")
	})
	slow := dial(t, s)
	_, err := io.WriteString(slow, "GET /desk/ops/session HTTP/1.1\r\nHost: x\r\nTest-Oper")
	require.NoError(t, err)
	slow.ends()

	idle := dial(t, s).say("GET /desk/ops/health HTTP/1.1\nHost: x")
	require.Equal(t, 200, idle.status())
	idle.ends()

	large := dial(t, s).say("GET /desk/ops/session HTTP/1.1\nHost: x\nTest-Operator: ana\nX-Pad: " + strings.Repeat("x", 64<<10))
	require.Equal(t, 431, large.status())
}

// Whoever asks and does not read the answer is cut off.
func TestAReaderOfAPageWhoStopsIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t), hasty)
	closed := make(chan struct{}, 8)
	s := w.serve(func(s *http.Server) {
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetWriteBuffer(4096)
			}
			return ctx
		}
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed <- struct{}{}
			}
		}
	})
	c := dial(t, s)
	tcp, ok := c.Conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, tcp.SetReadBuffer(4096))
	c.say(strings.TrimSuffix(strings.Repeat("GET /desk/ops/openapi.yaml HTTP/1.1\nHost: x\n\n", 200), "\n\n")) // more than fits on the way
	select {
	case <-closed:
	case <-time.After(patience):
		require.Fail(t, "the connection is still open")
	}
}

// A cursor is good for the customer it was given for, whatever the list.
func TestACursorIsOfItsCustomerAndList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	for range 3 {
		w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money("1")})
		w.submit(w.jose, operations.Deposit{To: w.joses, Amount: money("1")})
	}
	lists := []string{"/journal", "/operations", "/statement?account=clearing:desk"}
	for _, list := range lists {
		of := func(customer, rest string) ask {
			join := "?"
			if strings.Contains(rest, "?") {
				join = "&"
			}
			return ask{method: "GET", path: "/customers/" + customer + rest + join + "limit=1", context: customer, unchecked: true}
		}
		var page struct {
			Next string `json:"next_cursor"`
		}
		got := w.send(of(string(w.maria), list))
		require.Equal(t, 200, got.code, got.body)
		require.NoError(t, json.Unmarshal([]byte(got.body), &page))
		require.NotEmpty(t, page.Next, list)
		again := of(string(w.maria), list)
		again.path += "&cursor=" + page.Next
		require.Equal(t, 200, w.send(again).code)
		for _, other := range []string{string(w.jose), "house"} {
			a := of(other, list)
			a.path += "&cursor=" + page.Next
			require.Equal(t, 400, w.send(a).code, "%s of %s", list, other)
		}
		for _, elsewhere := range lists {
			if elsewhere != list {
				a := of(string(w.maria), elsewhere)
				a.path += "&cursor=" + page.Next
				require.Equal(t, 400, w.send(a).code, "%s on %s", list, elsewhere)
			}
		}
	}
}

// A client that leaves in the middle of a command leaves nothing half done: what
// was sent is known to be on its way, and its end is found by asking.
func TestAClientThatLeavesLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve()
	sent, answer := make(chan string, 1), make(chan struct{})
	w.bank.OnSendFunc(func(i operations.Instruction, _ int) operationstest.Reply {
		sent <- i.Reference
		<-answer
		return operationstest.Settle()
	})
	a := does("POST", "/submit", fmt.Sprintf(`{"kind":"withdrawal","from":%q,"amount":"10.00","via":"bank"}`, w.brl))(w)
	ctx, leave := context.WithCancel(t.Context())
	r := w.over(s, a).WithContext(ctx)
	gone := make(chan error, 1)
	go func() {
		got, err := s.Client().Do(r)
		if err == nil {
			err = errors.Join(errors.New(got.Status), got.Body.Close())
		}
		gone <- err
	}()
	reference := <-sent
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	list := ask{method: "GET", path: w.path("/operations?kind=withdrawal"), context: string(w.maria)}
	require.Contains(t, w.send(list).body, `"state":"executing"`)
	close(answer)
	w.clock.Advance(time.Hour)
	require.Eventually(t, func() bool {
		_, err := w.eng.Work(t.Context(), operations.Budget{})
		require.NoError(t, err)
		return strings.Contains(w.send(list).body, `"state":"completed"`)
	}, patience, time.Millisecond)
	require.Equal(t, 200, w.send(ask{method: "GET", path: w.path("/outcomes/" + a.key), context: string(w.maria)}).code)
	again := w.send(a)
	require.Equal(t, 201, again.code, again.body)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Equal(t, 1, w.bank.Carried(reference))
}
