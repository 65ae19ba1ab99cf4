package accounts_test

import (
	"encoding/json"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
)

func ExampleParseAmount() {
	brl, _ := accounts.Assets{}.Lookup("BRL")
	amount, err := accounts.ParseAmount("1250.5", brl.Scale)
	fmt.Println(accounts.Format(amount, brl.Scale), accounts.Canonical(amount), err)
	_, err = accounts.ParseAmount("1e9", brl.Scale)
	fmt.Println(err)
	_, err = accounts.ParseAmount("0.005", brl.Scale)
	fmt.Println(err)
	// Output:
	// 1250.50 1250.5 <nil>
	// amount: must be digits with at most one point between them, like 1250.00
	// amount: has more than 2 decimal places
}

func ExampleNewAssets() {
	assets, err := accounts.NewAssets(accounts.Asset{Code: "BTC", Scale: 8, Network: "bitcoin"})
	if err != nil {
		panic(err)
	}
	for _, code := range []string{"BTC", "JPY", "ANG"} {
		asset, ok := assets.Lookup(code)
		fmt.Println(code, ok, asset.Kind, asset.Scale)
	}
	// Output:
	// BTC true crypto 8
	// JPY true fiat 0
	// ANG false  0
}

func ExampleEligible() {
	account := accounts.Account{
		ID: "acc1", Asset: "BRL", Kind: accounts.Fiat, Scale: 2, Stored: accounts.Active,
		Configured: []string{"pix_key"}, Posted: amt("100"), Held: amt("40"),
	}
	for _, unmet := range accounts.Eligible(accounts.Use{
		Customer: customer.Active, Account: account.ID, Found: &account,
		Direction: accounts.Debit, Asset: "BRL", Amount: dec("75"),
	}) {
		fmt.Println(unmet.Code, unmet.Subject, unmet.Figures)
	}
	// Output:
	// currency_not_enabled account:acc1 [{currency BRL}]
	// insufficient_available account:acc1 [{available 60} {asked 75} {short 15}]
}

func ExampleBalanced() {
	fmt.Println(accounts.Balanced([]accounts.Posting{
		{Ref: accounts.Customer("acc1"), Asset: "BRL", Amount: amt("-100")},
		{Ref: accounts.Clearing("bank"), Asset: "BRL", Amount: amt("99")},
	}))
	// Output:
	// postings do not balance: BRL by -1
}

func ExampleAmount() {
	text, err := json.Marshal(map[string]accounts.Amount{"fee": amt("2.50")})
	fmt.Println(string(text), err)
	// Output:
	// {"fee":"2.5"} <nil>
}
