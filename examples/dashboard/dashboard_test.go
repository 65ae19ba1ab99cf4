package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestTheFirmIsBelievable(t *testing.T) {
	t.Parallel()
	f, err := openFirm(t.Context(), options{count: 2000}, func(*http.Request) (tenancy.Principal, error) { return principal("ana"), nil })
	require.NoError(t, err)
	defer func() { require.NoError(t, f.close()) }()
	states := map[string]int{}
	for _, p := range people() {
		require.NoError(t, p.Validate(), p.Name)
	}
	require.Len(t, people(), 12)
	rows, err := f.db.QueryContext(t.Context(), `SELECT state, count(*) FROM onbehalf_operations GROUP BY state`)
	require.NoError(t, err)
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var state string
		var n int
		require.NoError(t, rows.Scan(&state, &n))
		states[state] = n
	}
	require.NoError(t, rows.Err())
	require.Greater(t, states[string(operations.Completed)], 1900)
	require.Equal(t, 4, states[string(operations.AwaitingApproval)])
}

// The rail's faults leave an operation open, and it ends when the rail is whole.
func TestAFaultIsOvercome(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.fault("silence")
	b.shoot("home")
	b.open("Maria da Silva", "en")
	b.do(`set(r.querySelector('#new [name=kind]'), 'withdrawal'); set(r.querySelector('#new [name=via]'), 'pix')`)
	b.carry("withdrawal", "432.10")
	b.becomes("432.10", "unresolved")
	b.until(`rows('432.10')[0].querySelector('[data-focus^=resolve]')`)
	b.shoot("unresolved")
	b.fault("")
	b.open("Maria da Silva", "en")
	b.becomes("432.10", "completed")
}

// fault chooses what is wrong with the rail, in the page.
func (b *tab) fault(name string) {
	b.t.Helper()
	look(b, chromedp.Navigate(b.url))
	b.until(`document.querySelector('[name=fault]')`)
	b.do(`const s = document.querySelector('[name=fault]'); s.value = '` + name + `'; s.form.requestSubmit()`)
	b.until(`document.querySelector('[name=fault] [selected]')?.value === '` + name + `'`)
}

func TestATokenOpensTheAPIAndAResetBeginsAgain(t *testing.T) {
	t.Parallel()
	url := serve(t)
	b := browse(t, url)
	b.signIn("carla")
	look(b, chromedp.Navigate(url))
	b.until(`document.querySelector('code')`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"api/session", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", b.text(`document.querySelector('code').textContent.replace('Authorization: ', '')`))
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close() //nolint:errcheck // it was read
	var session struct{ Operator, Channel string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&session))
	require.Equal(t, "carla api", session.Operator+" "+session.Channel)

	elsewhere(t, url, "ana").call(http.MethodPost, "customers", "", map[string]string{"name": "Soon gone"})
	const count = `fetch('./api/customers?limit=50').then((x) => x.json()).then((x) => x.items.length)`
	require.Equal(t, "13", b.text(count))
	b.do(`document.querySelector('form[action=reset]').requestSubmit()`)
	b.until(`document.readyState === 'complete' && performance.getEntriesByType('navigation')[0].redirectCount === 1`)
	require.Equal(t, "12", b.text(count))
}
