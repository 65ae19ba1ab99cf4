package customer_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestParseTaxIDAcceptsBothWritings(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind         customer.TaxKind
		text, number string
		formatted    string
	}{
		"bare CPF, check digit 0 for ten":      {customer.CPF, "12345678909", "12345678909", "123.456.789-09"},
		"written CPF":                          {customer.CPF, "529.982.247-25", "52998224725", "529.982.247-25"},
		"CPF with zeros in front":              {customer.CPF, "00000000191", "00000000191", "000.000.001-91"},
		"another bare CPF":                     {customer.CPF, "11144477735", "11144477735", "111.444.777-35"},
		"bare CNPJ":                            {customer.CNPJ, "12345678000195", "12345678000195", "12.345.678/0001-95"},
		"written CNPJ":                         {customer.CNPJ, "11.222.333/0001-81", "11222333000181", "11.222.333/0001-81"},
		"CNPJ of zeros in front":               {customer.CNPJ, "00000000000191", "00000000000191", "00.000.000/0001-91"},
		"CNPJ with letters":                    {customer.CNPJ, "12ABC34501DE35", "12ABC34501DE35", "12.ABC.345/01DE-35"},
		"written CNPJ with letters":            {customer.CNPJ, "12.ABC.345/01DE-35", "12ABC34501DE35", "12.ABC.345/01DE-35"},
		"another id is kept as it is":          {customer.Other, "20-12345678-6", "20-12345678-6", "20-12345678-6"},
		"another id of one byte":               {customer.Other, "7", "7", "7"},
		"another id of 32 bytes":               {customer.Other, strings.Repeat("A", 32), strings.Repeat("A", 32), strings.Repeat("A", 32)},
		"another id with spaces, dots, slash":  {customer.Other, "DE 811.569/869", "DE 811.569/869", "DE 811.569/869"},
		"a CPF under another kind is no check": {customer.Other, "12345678900", "12345678900", "12345678900"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := customer.ParseTaxID(c.kind, c.text)
			require.NoError(t, err)
			require.Equal(t, customer.TaxID{Kind: c.kind, Number: c.number}, got)
			require.Equal(t, c.formatted, got.Format())
			require.NoError(t, got.Validate())
		})
	}
}

func TestParseTaxIDRefusesEverythingElse(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind customer.TaxKind
		text string
	}{
		"empty CPF":                       {customer.CPF, ""},
		"first check digit wrong":         {customer.CPF, "12345678919"},
		"second check digit wrong":        {customer.CPF, "12345678908"},
		"digits swapped":                  {customer.CPF, "21345678909"},
		"CPF too short":                   {customer.CPF, "1234567890"},
		"CPF too long":                    {customer.CPF, "123456789090"},
		"CPF half punctuated":             {customer.CPF, "123.456.78909"},
		"CPF with marks elsewhere":        {customer.CPF, "12.3456.789-09"},
		"CPF with other marks":            {customer.CPF, "123-456-789.09"},
		"CPF with a space before":         {customer.CPF, " 12345678909"},
		"CPF with a line end":             {customer.CPF, "12345678909\n"},
		"CPF with a letter":               {customer.CPF, "1234567890A"},
		"CPF in full-width digits":        {customer.CPF, "１２３４５６７８９０９"},
		"CPF in Arabic digits":            {customer.CPF, "١٢٣٤٥٦٧٨٩٠٩"},
		"CPF with a sign":                 {customer.CPF, "+2345678909"},
		"a CNPJ is no CPF":                {customer.CPF, "12345678000195"},
		"a CPF is no CNPJ":                {customer.CNPJ, "12345678909"},
		"empty CNPJ":                      {customer.CNPJ, ""},
		"CNPJ first check digit wrong":    {customer.CNPJ, "12345678000185"},
		"CNPJ second check digit wrong":   {customer.CNPJ, "12345678000194"},
		"CNPJ of zeros":                   {customer.CNPJ, "00000000000000"},
		"CNPJ with letters, wrong digits": {customer.CNPJ, "12ABC34501DE36"},
		"CNPJ in small letters":           {customer.CNPJ, "12abc34501de35"},
		"CNPJ with letters for check":     {customer.CNPJ, "12ABC34501DEAB"},
		"CNPJ half punctuated":            {customer.CNPJ, "12345678/0001-95"},
		"CNPJ with other marks":           {customer.CNPJ, "12/345/678.0001-95"},
		"CNPJ with NUL":                   {customer.CNPJ, "1234567800019\x00"},
		"empty other":                     {customer.Other, ""},
		"other too long":                  {customer.Other, strings.Repeat("1", 33)},
		"other with a formula":            {customer.Other, "=1+1"},
		"other with a sign in front":      {customer.Other, "-1"},
		"other with a space behind":       {customer.Other, "12 "},
		"other of marks alone":            {customer.Other, "."},
		"other with an accent":            {customer.Other, "é1"},
		"other with a line end":           {customer.Other, "1\n2"},
		"no kind":                         {"", "12345678909"},
		"unknown kind":                    {"ssn", "123456789"},
		"kind in capitals":                {"CPF", "12345678909"},
		"a megabyte":                      {customer.CNPJ, strings.Repeat("1", 1<<20)},
	}
	for d := '0'; d <= '9'; d++ {
		cases["CPF of "+string(d)] = struct {
			kind customer.TaxKind
			text string
		}{customer.CPF, strings.Repeat(string(d), 11)}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := customer.ParseTaxID(c.kind, c.text)
			require.ErrorIs(t, err, tenancy.ErrInvalid)
			require.Zero(t, got)
			fields := tenancy.Fields(err)
			require.Len(t, fields, 1)
			require.Equal(t, "tax_id", fields[0].Field)
			if len(c.text) > 3 {
				require.NotContains(t, err.Error(), c.text, "a tax id is personal data")
			}
		})
	}
}

// A single wrong character is what check digits are for.
func TestEveryMistypedDigitOfACPFIsFound(t *testing.T) {
	t.Parallel()
	const right = "52998224725"
	for i := range len(right) {
		for d := byte('0'); d <= '9'; d++ {
			typed := right[:i] + string(d) + right[i+1:]
			_, err := customer.ParseTaxID(customer.CPF, typed)
			require.Equal(t, typed == right, err == nil, typed)
		}
	}
}

func TestValidateRefusesWhatParsingWouldNotMake(t *testing.T) {
	t.Parallel()
	cases := map[string]customer.TaxID{
		"punctuated CPF":        {Kind: customer.CPF, Number: "123.456.789-09"},
		"punctuated CNPJ":       {Kind: customer.CNPJ, Number: "12.345.678/0001-95"},
		"number without a kind": {Number: "12345678909"},
		"kind without a number": {Kind: customer.CPF},
		"wrong check digits":    {Kind: customer.CPF, Number: "12345678900"},
		"unknown kind":          {Kind: "ssn", Number: "1"},
	}
	for name, id := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, id.Validate(), tenancy.ErrInvalid)
		})
	}
	require.NoError(t, customer.TaxID{}.Validate(), "none is fine")
	require.Empty(t, customer.TaxID{}.Format())
	require.Equal(t, "1234", customer.TaxID{Kind: customer.CPF, Number: "1234"}.Format(), "what has another length is shown as it is")
}

func TestTaxIDJSON(t *testing.T) {
	t.Parallel()
	id, err := customer.ParseTaxID(customer.CNPJ, "12.ABC.345/01DE-35")
	require.NoError(t, err)
	data, err := json.Marshal(id)
	require.NoError(t, err)
	require.Equal(t, `{"kind":"cnpj","number":"12ABC34501DE35"}`, string(data))
	var back customer.TaxID
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, id, back)
}

func FuzzParseTaxID(f *testing.F) {
	for _, kind := range append(customer.TaxKinds(), "", "ssn") {
		for _, text := range []string{
			"", "12345678909", "123.456.789-09", "12345678000195", "12.345.678/0001-95",
			"12ABC34501DE35", "12.ABC.345/01DE-35", "00000000000000", "20-12345678-6", "１２３", "\x00",
		} {
			f.Add(string(kind), text)
		}
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		id, err := customer.ParseTaxID(customer.TaxKind(kind), text)
		if err != nil {
			require.ErrorIs(t, err, tenancy.ErrInvalid)
			require.Zero(t, id)
			return
		}
		require.NoError(t, id.Validate())
		require.LessOrEqual(t, len(id.Number), 32)
		// Both writings of one id are the same value.
		for _, writing := range []string{id.Number, id.Format()} {
			again, err := customer.ParseTaxID(id.Kind, writing)
			require.NoError(t, err)
			require.Equal(t, id, again)
		}
		require.True(t, text == id.Number || text == id.Format(), "nothing but the two writings is read")
	})
}
