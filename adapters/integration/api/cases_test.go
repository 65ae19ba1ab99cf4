package api_test

import (
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// cases has a request for each operation of the contract that succeeds on a new
// world; what must not succeed is derived from it.
func cases() map[string]func(*world) ask {
	return map[string]func(*world) ask{
		"getHealth":         plain("/health"),
		"getContract":       plain("/openapi.yaml"),
		"getSession":        plain("/session"),
		"getReference":      plain("/reference"),
		"listCustomers":     plain("/customers?search=mar&status=active&status=suspended&type=individual&limit=10"),
		"listTreasury":      plain("/treasury"),
		"listPositionBooks": plain("/treasury/books?account=clearing:desk&asset=BRL&limit=10"),
		"listStops": func(w *world) ask {
			w.manage("house", tenancy.Stop{Subject: "kind:deposit", Reason: "audit"})
			return ask{method: "GET", path: "/stops"}
		},
		"listAllIncidents": func(w *world) ask {
			w.incident()
			return ask{method: "GET", path: "/incidents?limit=10"}
		},
		"listWorklist": func(w *world) ask {
			w.waiting()
			return ask{method: "GET", path: "/worklist", by: "bia"}
		},
		"openCustomer": func(w *world) ask {
			return ask{method: "POST", path: "/customers", key: w.key(), body: `{"name":"Ana Souza","type":"individual","tax_id":{"kind":"cpf","number":"123.456.789-09"},"country":"BR"}`}
		},
		"openContext": func(w *world) ask {
			return ask{method: "POST", path: w.path(""), body: `{"reason":"call 4711"}`}.on("/context")
		},

		"getCustomer":      reads(""),
		"listAccounts":     reads("/accounts"),
		"listOperations":   reads("/operations?state=completed&kind=deposit&asset=BRL&min=1&max=20000.00&since=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z&maker=ana&actions=true"),
		"exportOperations": reads("/operations.csv?state=completed"),
		"listJournal":      reads("/journal?after=1&limit=5"),
		"listGrants":       reads("/grants"),
		"streamEvents":     reads("/events?after=1"),
		"listHolds": func(w *world) ask {
			w.waiting()
			return reads("/holds")(w)
		},
		"listIncidents": func(w *world) ask {
			w.incident()
			return reads("/incidents")(w)
		},
		"listFreezes": func(w *world) ask {
			w.manage(w.maria, operations.Freeze{Account: w.more, Reason: "audit"})
			return reads("/freezes")(w)
		},
		"getTrading": func(w *world) ask {
			w.inParts()
			return reads("/trading")(w)
		},
		"setTradingProviders": does("PUT", "/trading/providers", `{"providers":["broker"],"version":0}`),
		"setPair": func(w *world) ask {
			return does("PUT", "/trading/pairs", fmt.Sprintf(`{"base":%q,"quote":%q,"version":0,"minimum":"10.00","execution":"priority","quotation":"best_price","fills":"in_part","quotations":[{"provider":"broker","priority":1,"spread":{"working":"50"}}],"executions":[{"provider":"broker","priority":1,"sides":"buy"}]}`, w.coins, w.brl))(w)
		},
		"listStatement": func(w *world) ask { return reads("/statement?account=" + string(w.brl) + "&limit=5")(w) },
		"getOperation": func(w *world) ask {
			return reads("/operations/" + string(w.submit(w.maria, operations.Withdrawal{From: w.brl, Amount: money("25.5")}).ID))(w)
		},
		"getOutcome": func(w *world) ask {
			in := w.intent()
			w.keyed(in)
			return reads("/outcomes/" + in.Key)(w)
		},
		"listOperators": func(*world) ask { return ask{method: "GET", path: "/customers/house/operators", context: "house"} },

		"editCustomer":      does("PUT", "", `{"name":"Maria Silva","country":"BR","tax_id":{"kind":"cnpj","number":"11.222.333/0001-81"}}`),
		"setCustomerStatus": does("POST", "/status", `{"status":"suspended"}`),
		"setCustomerGroups": does("POST", "/groups", `{"groups":["vip","branch-7"]}`),
		"eraseCustomer": func(w *world) ask {
			w.empty()
			w.manage(w.maria, customer.SetStatus{Status: customer.Closed})
			return does("POST", "/erase", "")(w)
		},
		"openAccount": does("POST", "/accounts", `{"name":"Dollars","currency":"USD","details":{"bank":"001","branch":"1","number":"2"},"debt_limit":"10.00","directions":"both","pending":true}`),
		"editAccount": func(w *world) ask {
			return does("PUT", "/accounts/"+string(w.brl), `{"name":"Daily","details":{"pix_key":"m@example.com"}}`)(w)
		},
		"setAccountStatus": func(w *world) ask {
			return does("POST", "/accounts/"+string(w.brl)+"/status", `{"status":"debit_frozen"}`)(w)
		},
		"setDebtLimit": func(w *world) ask {
			return does("POST", "/accounts/"+string(w.brl)+"/limit", `{"debt_limit":"50.00"}`)(w)
		},
		"setCurrency": does("POST", "/currencies", `{"currency":"EUR","enabled":true}`),
		"freeze":      does("POST", "/freeze", `{"reason":"court order"}`),
		"unfreeze": func(w *world) ask {
			w.manage(w.maria, operations.Freeze{Account: w.brl, Reason: "audit"})
			return does("POST", "/unfreeze", fmt.Sprintf(`{"account":%q,"reason":"over"}`, w.brl))(w)
		},
		"closeIncident": func(w *world) ask { return does("POST", "/incidents/"+string(w.incident())+"/close", "")(w) },
		"allow":         does("POST", "/grants", `{"operator":"carl","permissions":["view","prepare"],"expires":"2027-01-01T00:00:00Z"}`),
		"revoke": func(w *world) ask {
			m := w.manage(w.maria, tenancy.Allow{Operator: "carl", Permissions: tenancy.NewPermissions(tenancy.View)})
			return does("POST", "/grants/"+string(m.Grant)+"/revoke", "")(w)
		},
		"registerOperator": inHouse("/operators", `{"operator":"eva","person":"p-eva"}`),
		"suspendOperator":  inHouse("/operators/carl/suspend", ""),
		"reinstateOperator": func(w *world) ask {
			w.manage("house", tenancy.Register{Operator: "eva", Person: "p-eva"})
			w.manage("house", tenancy.Suspend{Operator: "eva"})
			return inHouse("/operators/eva/reinstate", "")(w)
		},
		"throwSwitch": inHouse("/stop", `{"subject":"kind:withdrawal","reason":"the bank is down"}`),
		"liftSwitch": func(w *world) ask {
			w.manage("house", tenancy.Stop{Subject: "firm", Reason: "drill"})
			return inHouse("/lift", `{"subject":"firm"}`)(w)
		},

		"explainOperation": func(w *world) ask {
			a := does("POST", "/explain", fmt.Sprintf(`{"kind":"withdrawal","from":%q,"amount":"99999.00","reference":"r"}`, w.brl))(w)
			a.key = ""
			return a
		},
		"prepareOperation": func(w *world) ask {
			return does("POST", "/prepare", fmt.Sprintf(`{"kind":"withdrawal","from":%q,"amount":"250.00"}`, w.brl))(w)
		},
		"submitOperation": func(w *world) ask {
			return does("POST", "/submit", fmt.Sprintf(`{"kind":"transfer","from":%q,"to":%q,"amount":"12.34","purpose":"savings","reference":"f-1","not_before":"2026-11-21T12:00:00Z"}`, w.brl, w.more))(w)
		},
		"settle":           inHouse("/settlements", `{"provider":"broker","asset":"BRL","paid":"500.00","through":"bank","reference":"TED 1"}`),
		"executeOperation": onPrepared("execute", ""),
		"modifyOperation":  onPrepared("modify", `{"amount":"300.00","reference":"changed"}`),
		"cancelOperation":  onPrepared("cancel", ""),
		"approveOperation": onWaiting("approve", ""),
		"rejectOperation":  onWaiting("reject", `{"reason":"not his"}`),
		"resolveOperation": func(w *world) ask {
			o := w.doubtful()
			a := does("POST", "/operations/"+string(o.ID)+"/resolve", `{"settled":true,"evidence":"statement 7"}`)(w)
			a.version = o.Version
			return a
		},
		"withdrawApproval": func(w *world) ask {
			o := w.waiting()
			a := ask{method: "POST", path: w.path("/operations/" + string(o.ID) + "/approve"), by: "bia", context: string(w.maria), key: w.key(), version: o.Version}
			w.send(a)
			a.path, a.key, a.version = w.path("/operations/"+string(o.ID)+"/withdraw"), w.key(), o.Version+1
			return a
		},
		"refundOperation": func(w *world) ask {
			o := w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money("40")})
			return does("POST", "/operations/"+string(o.ID)+"/refund", `{"amount":"15.00","purpose":"sent twice","reference":"f-9"}`)(w)
		},
	}
}

func (w *world) path(rest string) string { return "/customers/" + string(w.maria) + rest }

func (a ask) on(rest string) ask {
	a.path += rest
	return a
}

func plain(path string) func(*world) ask {
	return func(*world) ask { return ask{method: "GET", path: path} }
}

func reads(rest string) func(*world) ask {
	return func(w *world) ask { return ask{method: "GET", path: w.path(rest), context: string(w.maria)} }
}

func does(method, rest, body string) func(*world) ask {
	return func(w *world) ask {
		return ask{method: method, path: w.path(rest), context: string(w.maria), key: w.key(), body: body}
	}
}

func inHouse(rest, body string) func(*world) ask {
	return func(w *world) ask {
		return ask{method: "POST", path: "/customers/house" + rest, context: "house", key: w.key(), body: body}
	}
}

func onPrepared(what, body string) func(*world) ask {
	return func(w *world) ask {
		o := w.prepare(w.maria, operations.Withdrawal{From: w.brl, Amount: money("250")})
		a := does("POST", "/operations/"+string(o.ID)+"/"+what, body)(w)
		a.version = o.Version
		return a
	}
}

func onWaiting(what, body string) func(*world) ask {
	return func(w *world) ask {
		o := w.waiting()
		a := does("POST", "/operations/"+string(o.ID)+"/"+what, body)(w)
		a.version, a.by = o.Version, "bia"
		return a
	}
}

// empty leaves maria's accounts without money, and closed.
func (w *world) empty() {
	w.t.Helper()
	all, err := w.eng.Book(w.scopes[string(w.maria)]).Accounts(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.submit(w.maria, operations.Adjustment{From: w.brl, Amount: money("10000"), Purpose: operations.Correction})
	for _, a := range all {
		w.manage(w.maria, accounts.SetStatus{Account: a.ID, Status: accounts.Closed})
	}
}

func (w *world) keyed(in operations.Intent) {
	w.t.Helper()
	if _, err := w.eng.Submit(w.t.Context(), w.scopes[string(w.maria)], in, operations.Deposit{To: w.brl, Amount: money("1")}); err != nil {
		w.t.Fatal(err)
	}
}
