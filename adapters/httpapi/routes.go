package httpapi

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
)

// route is what is checked of a request before its route reads it.
type route struct {
	public  bool            // nobody has to log in
	command bool            // refused while read-only
	stream  bool            // lives as long as it takes
	query   map[string]bool // the names it knows; true: may come more than once
	body    reflect.Type    // nil: none
}

// routes is the table of all routes, by the pattern they are served under. A test
// holds it against the contract.
func routes() map[string]route {
	const customer = "/customers/{customer}"
	const operation = customer + "/operations/{operation}"
	all := map[string]route{
		"GET /health":       {public: true},
		"GET /openapi.yaml": {public: true},

		"GET /session":        {},
		"GET /reference":      {},
		"GET /stops":          {},
		"GET /incidents":      asks[contract.ListAllIncidentsParams](),
		"GET /worklist":       asks[contract.ListWorklistParams](),
		"GET /treasury":       asks[contract.ListTreasuryParams](),
		"GET /treasury/books": asks[contract.ListPositionBooksParams](),
		"GET /customers":      asks[contract.ListCustomersParams](),

		"GET " + customer:                     {},
		"GET " + customer + "/accounts":       {},
		"GET " + customer + "/holds":          {},
		"GET " + customer + "/operations":     asks[contract.ListOperationsParams](),
		"GET " + customer + "/operations.csv": streams[contract.ExportOperationsParams](),
		"GET " + operation:                    {},
		"GET " + customer + "/statement":      asks[contract.ListStatementParams](),
		"GET " + customer + "/journal":        asks[contract.ListJournalParams](),
		"GET " + customer + "/outcomes/{key}": {},
		"GET " + customer + "/events":         streams[contract.StreamEventsParams](),
		"GET " + customer + "/incidents":      {},
		"GET " + customer + "/trading":        {},
		"GET " + customer + "/freezes":        {},
		"GET " + customer + "/grants":         {},
		"GET " + customer + "/operators":      {},

		"POST " + customer + "/context": {body: reflect.TypeFor[contract.OpenContextJSONRequestBody]()},
		"POST " + customer + "/explain": {body: reflect.TypeFor[contract.ExplainOperationJSONRequestBody]()},

		"POST /customers":                                      does[contract.OpenCustomerJSONRequestBody](),
		"PUT " + customer:                                      does[contract.EditCustomerJSONRequestBody](),
		"POST " + customer + "/status":                         does[contract.SetCustomerStatusJSONRequestBody](),
		"POST " + customer + "/groups":                         does[contract.SetCustomerGroupsJSONRequestBody](),
		"POST " + customer + "/erase":                          {command: true},
		"POST " + customer + "/accounts":                       does[contract.OpenAccountJSONRequestBody](),
		"PUT " + customer + "/accounts/{account}":              does[contract.EditAccountJSONRequestBody](),
		"POST " + customer + "/accounts/{account}/status":      does[contract.SetAccountStatusJSONRequestBody](),
		"POST " + customer + "/accounts/{account}/limit":       does[contract.SetDebtLimitJSONRequestBody](),
		"POST " + customer + "/currencies":                     does[contract.SetCurrencyJSONRequestBody](),
		"POST " + customer + "/prepare":                        does[contract.PrepareOperationJSONRequestBody](),
		"POST " + customer + "/submit":                         does[contract.SubmitOperationJSONRequestBody](),
		"POST " + customer + "/settlements":                    does[contract.SettleJSONRequestBody](),
		"POST " + operation + "/execute":                       {command: true},
		"POST " + operation + "/modify":                        does[contract.ModifyOperationJSONRequestBody](),
		"POST " + operation + "/cancel":                        {command: true},
		"POST " + operation + "/approve":                       {command: true},
		"POST " + operation + "/reject":                        does[contract.RejectOperationJSONRequestBody](),
		"POST " + operation + "/resolve":                       does[contract.ResolveOperationJSONRequestBody](),
		"POST " + operation + "/withdraw":                      {command: true},
		"POST " + operation + "/refund":                        does[contract.RefundOperationJSONRequestBody](),
		"POST " + customer + "/incidents/{incident}/close":     {command: true},
		"POST " + customer + "/freeze":                         does[contract.FreezeJSONRequestBody](),
		"POST " + customer + "/unfreeze":                       does[contract.UnfreezeJSONRequestBody](),
		"POST " + customer + "/grants":                         does[contract.AllowJSONRequestBody](),
		"POST " + customer + "/grants/{grant}/revoke":          {command: true},
		"POST " + customer + "/operators":                      does[contract.RegisterOperatorJSONRequestBody](),
		"POST " + customer + "/operators/{operator}/suspend":   {command: true},
		"POST " + customer + "/operators/{operator}/reinstate": {command: true},
		"PUT " + customer + "/trading/providers":               does[contract.SetTradingProvidersJSONRequestBody](),
		"PUT " + customer + "/trading/pairs":                   does[contract.SetPairJSONRequestBody](),
		"POST " + customer + "/stop":                           does[contract.ThrowSwitchJSONRequestBody](),
		"POST " + customer + "/lift":                           does[contract.LiftSwitchJSONRequestBody](),
	}
	return all
}

// asks is a route with parameters in its query.
func asks[Params any]() route {
	known := map[string]bool{}
	for f := range reflect.TypeFor[Params]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("form"), ","); name != "" {
			known[name] = f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Slice
		}
	}
	return route{query: known}
}

func streams[Params any]() route {
	r := asks[Params]()
	r.stream = true
	return r
}

// does is a route of a command with a body.
func does[Body any]() route { return route{command: true, body: reflect.TypeFor[Body]()} }

var _ http.Handler = (*Handler)(nil)
