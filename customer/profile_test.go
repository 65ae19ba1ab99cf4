package customer_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

func fieldNames(err error) []string {
	var names []string
	for _, f := range tenancy.Fields(err) {
		names = append(names, f.Field)
	}
	return names
}

func TestProfileReportsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		profile customer.Profile
		fields  []string
	}{
		"a name is enough": {customer.Profile{Name: "Maria"}, nil},
		"a complete one": {customer.Profile{
			Name: "Padaria São João Ltda.", Type: customer.Company, Country: "BR", Person: "joao", Onboarding: true,
			TaxID: customer.TaxID{Kind: customer.CNPJ, Number: "12345678000195"},
		}, nil},
		"the zero value":          {customer.Profile{}, []string{"name"}},
		"a blank name":            {customer.Profile{Name: " \u3000"}, []string{"name"}},
		"a name of 120 bytes":     {customer.Profile{Name: strings.Repeat("é", 60)}, nil},
		"a name of 121 bytes":     {customer.Profile{Name: strings.Repeat("é", 60) + "x"}, []string{"name"}},
		"a name that turns round": {customer.Profile{Name: "Maria\u202eoãoJ"}, []string{"name"}},
		"the house is reserved":   {customer.Profile{Name: "Acme", Type: customer.House}, []string{"type"}},
		"everything wrong": {customer.Profile{
			Name: "a\nb", Type: "person", Country: "br", Person: "a b",
			TaxID: customer.TaxID{Kind: customer.CPF, Number: "1"},
		}, []string{"name", "type", "tax_id", "country", "person"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.fields, fieldNames(c.profile.Validate()))
			require.Equal(t, c.fields, fieldNames(customer.Edit{Profile: c.profile}.Validate()))
		})
	}
}

func TestCountriesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	all := customer.Countries()
	require.Len(t, all, 249)
	require.True(t, slices.IsSorted(all))
	require.Len(t, slices.Compact(slices.Clone(all)), len(all))
	for _, code := range all {
		require.Len(t, code, 2)
		require.NoError(t, customer.Profile{Name: "Maria", Country: code}.Validate(), code)
	}
	for _, code := range []string{"BR", "US", "AX", "BQ", "CW", "SS", "SX", "ZW", "AD"} {
		require.Contains(t, all, code)
	}
	for name, code := range map[string]string{
		"withdrawn": "AN", "reserved, the kingdom is GB": "UK", "user-assigned": "XK", "the union": "EU", "unknown": "ZZ",
		"three letters": "BRA", "small letters": "br", "one letter": "B", "a space": "R ", "across two codes": "D ",
		"numeric": "76", "look-alike": "ВR", "two codes": "BR US",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := customer.Profile{Name: "Maria", Country: code}.Validate()
			require.Equal(t, []string{"country"}, fieldNames(err))
		})
	}
}

func TestProfileJSONLeavesOutWhatIsUnknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profile customer.Profile
		json    string
	}{
		"name only": {customer.Profile{Name: "Maria"}, `{"name":"Maria"}`},
		"everything": {
			customer.Profile{
				Name: "Maria", Type: customer.Individual, TaxID: customer.TaxID{Kind: customer.CPF, Number: "12345678909"},
				Country: "BR", Person: "maria", Onboarding: true,
			},
			`{"name":"Maria","type":"individual","tax_id":{"kind":"cpf","number":"12345678909"},"country":"BR","person":"maria","onboarding":true}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(c.profile)
			require.NoError(t, err)
			require.Equal(t, c.json, string(data))
			var back customer.Profile
			require.NoError(t, json.Unmarshal(data, &back))
			require.Equal(t, c.profile, back)
		})
	}
}

func TestChangesNameAndValidateThemselves(t *testing.T) {
	t.Parallel()
	type change interface {
		Change() string
		Validate() error
	}
	cases := map[string]struct {
		change change
		action string
		fields []string
	}{
		"edit":                   {customer.Edit{Profile: customer.Profile{Name: "Maria"}}, "customer.edit", nil},
		"edit without a name":    {customer.Edit{}, "customer.edit", []string{"name"}},
		"suspend":                {customer.SetStatus{Status: customer.Suspended}, "customer.status", nil},
		"a status left out":      {customer.SetStatus{}, "customer.status", []string{"status"}},
		"a status there is none": {customer.SetStatus{Status: "deleted"}, "customer.status", []string{"status"}},
		"erase":                  {customer.Erase{}, "customer.erase", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.action, c.change.Change())
			require.Equal(t, c.fields, fieldNames(c.change.Validate()))
		})
	}
}
