package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestMain is the command itself, where a test wants one that it can kill.
func TestMain(m *testing.M) {
	if os.Getenv("ONBEHALF_DASHBOARD_TEST") == "serve" {
		os.Exit(command(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// other is an operator at another place, over the API.
type other struct {
	t       *testing.T
	url     string
	client  http.Client
	context string
}

func elsewhere(t *testing.T, at, who string) *other {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	o := &other{t: t, url: at, client: http.Client{Jar: jar}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"sign-in", bytes.NewBufferString(url.Values{"operator": {who}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := o.client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return o
}

// call sends one request, in the book entered last.
func (o *other) call(method, path, version string, body any) (answer map[string]any) {
	o.t.Helper()
	var text bytes.Buffer
	require.NoError(o.t, json.NewEncoder(&text).Encode(body))
	if body == nil {
		text.Reset()
	}
	request, err := http.NewRequestWithContext(o.t.Context(), method, o.url+"api/"+path, &text)
	require.NoError(o.t, err)
	for name, value := range map[string]string{"Onbehalf-Context": o.context, "Idempotency-Key": uuid.NewString(), "If-Match": version, "Content-Type": "application/json"} {
		if value != "" && (method == http.MethodPost || name == "Onbehalf-Context") {
			request.Header.Set(name, value)
		}
	}
	response, err := o.client.Do(request)
	require.NoError(o.t, err)
	defer response.Body.Close() //nolint:errcheck // it was read
	require.NoError(o.t, json.NewDecoder(response.Body).Decode(&answer))
	require.Less(o.t, response.StatusCode, 300, answer)
	return answer
}

func (o *other) enter(customer string) {
	o.t.Helper()
	o.context = ""
	answer := o.call(http.MethodPost, "customers/"+customer+"/context", "", map[string]string{"reason": "a call"})
	o.context, _ = answer["context"].(string)
	require.NotEmpty(o.t, o.context)
}

func (b *tab) customer() string {
	b.t.Helper()
	return b.text(`new URLSearchParams(location.search).get('customer')`)
}

func TestASessionThatEndsLosesNothing(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "pt-BR")
	b.fill("deposit", "777,77")
	b.until(`r.querySelector('.plan .terms')`)
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('dialog[open] [part=confirm]')`)
	require.Equal(t, "200", b.text(`fetch('../sign-out', { method: 'POST' }).then((x) => x.status)`))
	b.do(`r.querySelector('[part=confirm]').click()`)
	b.until(`/Sua sessão terminou/.test(r.querySelector('[part=ended]')?.textContent)`)
	b.shoot("session-ended")
	was := b.customer()
	b.do(`r.querySelector('[part=ended] button').click()`)
	b.until(`location.pathname === '/' && document.getElementById('ana')`)
	b.do(`document.getElementById('ana').click()`)
	b.until(`r?.querySelector('#table tbody tr')`)
	require.Equal(t, was, b.customer())
	b.becomes("777,77", "prepared")
	b.press("777,77", "execute")
	b.agree()
	b.becomes("777,77", "completed")
}

func TestAGrantRevokedClosesThePage(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("carla")
	b.open("Maria da Silva", "en")
	b.fill("deposit", "31.31")
	b.until(`r.querySelector('.plan .terms')`)
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('dialog[open] .cost')`)
	ana := elsewhere(t, b.url, "ana")
	ana.enter("house")
	operators, _ := ana.call(http.MethodGet, "customers/house/operators", "", nil)["items"].([]any)
	revoked := 0
	for _, x := range operators {
		operator, _ := x.(map[string]any)
		grants, _ := operator["grants"].([]any)
		for _, g := range grants {
			if g, _ := g.(map[string]any); operator["id"] == "carla" {
				ana.call(http.MethodPost, fmt.Sprint("customers/house/grants/", g["id"], "/revoke"), "", nil)
				revoked++
			}
		}
	}
	require.Equal(t, 1, revoked)
	b.until(`/access to this customer has ended/.test(r.querySelector('[part=ended]')?.textContent)`)
	require.Equal(t, "0", b.text(`r.querySelectorAll('#accounts, #table, #banner, dialog').length`), "the customer's data is still shown")
	b.shoot("access-ended")
}

func TestTwoTabsShowTwoCustomers(t *testing.T) {
	t.Parallel()
	first := browse(t, serve(t))
	first.signIn("ana")
	first.open("Maria da Silva", "en")
	ctx, cancel := chromedp.NewContext(first.ctx)
	defer cancel()
	second := &tab{t, ctx, first.url}
	second.open("Padaria Aurora Ltda", "en")
	first.fill("deposit", "111.11")
	second.fill("deposit", "222.22")
	for _, b := range []*tab{first, second} {
		b.until(`r.querySelector('.plan .terms')`)
		b.do(`r.querySelector('[part=review]').click()`)
		b.until(`r.querySelector('dialog[open] .cost')`)
	}
	require.Contains(t, first.text(`r.querySelector('dialog').textContent`), "Maria da Silva")
	require.Contains(t, second.text(`r.querySelector('dialog').textContent`), "Padaria Aurora Ltda")
	first.agree()
	second.agree()
	first.becomes("111.11", "completed")
	second.becomes("222.22", "completed")
	require.Equal(t, "0 0", first.text(`rows('222.22').length`)+" "+second.text(`rows('111.11').length`))
}

// An element that is given another customer while it carries something out for
// the first says nothing of it to the second.
func TestACommandStaysWithItsCustomer(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Padaria Aurora Ltda", "en")
	other := b.customer()
	b.open("Maria da Silva", "en")
	b.fill("deposit", "414.14")
	b.until(`r.querySelector('.plan .terms')`)
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('dialog[open] [part=confirm]')`)
	b.do(`window.at = []; const send = window.fetch; window.fetch = async (...a) => { const x = await send(...a); if (/execute/.test(a[0])) { window.at.push(a[0]); await new Promise((go) => { window.go = go }); setTimeout(() => { window.done = true }, 300) } return x };
		r.host.addEventListener('onbehalf-operation', () => { window.told = true }); r.querySelector('[part=confirm]').click()`)
	b.until(`window.go`)
	b.do(`r.host.setAttribute('customer', '` + other + `')`)
	b.until(`r.querySelector('#banner h2')?.textContent === 'Padaria Aurora Ltda' && r.querySelector('#table tbody tr')`)
	b.do(`window.go()`)
	b.until(`window.done`)
	require.Equal(t, "0 undefined 1", b.text(`r.querySelectorAll('.toast').length + ' ' + window.told + ' ' + window.at.length`))
	require.Contains(t, b.text(`window.at[0]`), b.customer())
	require.Equal(t, "0", b.text(`rows('414.14').length`))
	b.do(`r.host.setAttribute('customer', '` + b.customer() + `')`)
	b.until(`r.querySelector('#banner h2')?.textContent === 'Maria da Silva'`)
	b.becomes("414.14", "completed")
}

// The terms expire by the server's clock: a person's is often wrong.
func TestTheCountdownIsTheServers(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "en")
	b.do(`const now = Date.now; Date.now = () => now() + 3600000`)
	b.carry("deposit", "515.15")
	b.becomes("515.15", "completed")
}

func TestAConflictIsToldWithItsAuthor(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "en")
	b.carry("withdrawal", "8,000")
	b.press("8,000.00", "modify")
	b.until(`r.querySelector('dialog[open] input[name=amount]')`)
	id := b.text(`rows('8,000.00')[0].id.slice(3)`)
	bruno := elsewhere(t, b.url, "bruno")
	bruno.enter(b.customer())
	bruno.call(http.MethodPost, "customers/"+b.customer()+"/operations/"+id+"/modify", `"2"`, map[string]string{"amount": "8100"})
	b.do(`r.querySelector('dialog input[name=amount]').value = '8,200'; r.querySelector('dialog button.primary').click()`)
	b.until(`/Changed by bruno, \d+ s ago/.test(r.querySelector('.toast.bad')?.textContent)`)
	b.shoot("conflict")
	b.becomes("8,100.00", "awaiting_approval")
}

// Everything can be done without a mouse, and Enter once too often agrees to nothing.
func TestAnOperationIsMadeByKeyboard(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "en")
	b.do(`r.querySelector('#new [name=amount]').focus()`)
	look(b, chromedp.KeyEvent("55.55"))
	b.until(`r.querySelector('.plan .terms')`)
	look(b, chromedp.KeyEvent(kb.Enter))
	look(b, chromedp.KeyEvent(kb.Enter))
	b.until(`r.querySelector('dialog[open] [part=confirm]')`)
	look(b, chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "true", b.text(`r.querySelector('dialog').open`))
	look(b, chromedp.KeyEvent(kb.Escape))
	b.until(`!r.querySelector('dialog[open]')`)
	b.becomes("55.55", "prepared")
	b.do(`rows('55.55')[0].querySelector('[data-focus^=execute]').focus()`)
	look(b, chromedp.KeyEvent(kb.Enter))
	b.until(`r.querySelector('dialog[open] [part=confirm]')`)
	look(b, chromedp.KeyEvent(kb.Tab))
	look(b, chromedp.KeyEvent(kb.Enter))
	b.becomes("55.55", "completed")
}

// process starts the command on a database and a port of its own.
func process(t *testing.T, listen, file string) (at string, kill func()) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "--listen", listen, "--db", file, "--operations", "100")
	c.Env = append(os.Environ(), "ONBEHALF_DASHBOARD_TEST=serve")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return line[:len(line)-1], func() { _ = c.Process.Kill(); _ = c.Wait() } // a killed process fails
}

func TestAKilledServerDoesEverythingOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "firm.db")
	at, kill := process(t, "127.0.0.1:0", file)
	b := browse(t, at)
	b.signIn("ana")
	b.open("Maria da Silva", "en")
	address, err := url.Parse(at)
	require.NoError(t, err)

	for n := range 3 {
		amount := fmt.Sprintf("1,00%d.07", n)
		b.fill("deposit", amount)
		b.until(`r.querySelector('.plan .terms')`)
		b.do(`r.querySelector('[part=review]').click()`)
		b.until(`r.querySelector('dialog[open] [part=confirm]')`)
		switch n {
		case 0: // down before it is asked
			kill()
			b.do(`r.querySelector('[part=confirm]').click()`)
		case 1: // down while it works
			b.do(`r.querySelector('[part=confirm]').click()`)
			kill()
		default: // down when it has done it, and the answer got lost
			b.do(`const send = window.fetch; window.lost = 0; window.fetch = async (...a) => { const x = await send(...a); if (/execute/.test(a[0]) && !window.lost++) throw new TypeError('lost'); return x }; r.querySelector('[part=confirm]').click()`)
			b.until(`window.lost > 0`)
			kill()
		}
		_, kill = process(t, address.Host, file)
		b.until(`!r.querySelector('dialog[open]') && r.querySelector('#live').classList.contains('on')`)
		b.becomes(amount, "completed")
	}

	// A page of the profile goes on, too, for the same operator.
	look(b, chromedp.Navigate(at+"desk/?lang=en&tab=details&customer="+b.customer()))
	b.until(`document.querySelector('.body form')`)
	kill()
	_, kill = process(t, address.Host, file)
	b.do(`const f = document.querySelector('.body form'); set(f.elements.name, 'Maria Souza'); f.querySelector('button').click()`)
	b.until(`document.querySelector('.banner h1')?.textContent === 'Maria Souza'`)
	require.Equal(t, "200", b.text(`fetch('../sign-out', { method: 'POST' }).then((x) => x.status)`))
	b.do(`const f = document.querySelector('.body form'); set(f.elements.name, 'Maria Lost'); f.querySelector('button').click()`)
	b.until(`/session has ended/.test(document.querySelector('.ended')?.textContent)`)
	require.Equal(t, "0", b.text(`document.querySelectorAll('.banner').length`), "the customer's data is still shown")
	kill()
}
