package accounts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestFiatScales(t *testing.T) {
	t.Parallel()
	for scale, codes := range map[int32]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "BRL CDF COP CZK EUR GBP HUF IDR MGA MRU SLE SYP TWD UAH USD VED VES XAD XCD XCG ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	} {
		for code := range strings.FieldsSeq(codes) {
			asset, ok := accounts.Assets{}.Lookup(code)
			require.True(t, ok, code)
			require.Equal(t, scale, asset.Scale, code)
			require.Equal(t, code, asset.Code)
			require.Equal(t, accounts.Fiat, asset.Kind)
			require.NotEmpty(t, asset.Name)
		}
	}
}

func TestAllButListedFiatCurrenciesHaveTwoDigits(t *testing.T) {
	t.Parallel()
	counts := map[int32]int{}
	for _, asset := range (accounts.Assets{}).All() {
		counts[asset.Scale]++
	}
	require.Equal(t, map[int32]int{0: 17, 2: 139, 3: 7, 4: 2}, counts)
}

func TestWithdrawnAndUncountableCodesAreNotAssets(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"HRK", "ANG", "ZWL", "SLL", "BGN", "CUC", "VEF", "STD", "MRO", "BYR", "DEM",
		"XAU", "XAG", "XDR", "XTS", "XXX", "XSU", "", "brl", "BRL ", "ВRL",
	} {
		_, ok := accounts.Assets{}.Lookup(code)
		require.False(t, ok, code)
	}
}

func TestNewAssetsAddsCryptoToFiat(t *testing.T) {
	t.Parallel()
	given := []accounts.Asset{
		{Code: "USDT-TRON", Scale: 6, Network: "tron"},
		{Code: "BTC", Kind: accounts.Crypto, Scale: 8, Network: "bitcoin", Name: "Bitcoin"},
	}
	assets, err := accounts.NewAssets(given...)
	require.NoError(t, err)
	given[1].Scale = 2

	btc, ok := assets.Lookup("BTC")
	require.True(t, ok)
	require.Equal(t, accounts.Asset{Code: "BTC", Kind: accounts.Crypto, Scale: 8, Network: "bitcoin", Name: "Bitcoin"}, btc)
	usdt, ok := assets.Lookup("USDT-TRON")
	require.True(t, ok)
	require.Equal(t, accounts.Crypto, usdt.Kind)
	_, ok = assets.Lookup("BRL")
	require.True(t, ok)

	all := assets.All()
	require.Len(t, all, 167)
	require.True(t, slices.IsSortedFunc(all, func(a, b accounts.Asset) int { return strings.Compare(a.Code, b.Code) }))
	all[0].Scale = 9
	require.NotEqual(t, all[0], assets.All()[0], "a caller can change the set")
}

func TestNewAssetsReportsAllProblems(t *testing.T) {
	t.Parallel()
	_, err := accounts.NewAssets(
		accounts.Asset{Code: "BRL", Scale: 2, Network: "x"},
		accounts.Asset{Code: "b", Scale: 19},
		accounts.Asset{Code: "BTC", Scale: -1, Network: "bitcoin", Kind: accounts.Fiat},
		accounts.Asset{Code: "BTC", Network: "a\nb", Name: strings.Repeat("x", 121)},
		accounts.Asset{Code: "-BTC", Network: "n"},
		accounts.Asset{Code: "ABCDEFGHIJKLMNOPQ", Network: "n"},
	)
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	var fields []string
	for _, problem := range tenancy.Fields(err) {
		fields = append(fields, problem.Field)
	}
	require.Equal(t, []string{
		"crypto[0].code",
		"crypto[1].code", "crypto[1].scale", "crypto[1].network",
		"crypto[2].kind", "crypto[2].scale",
		"crypto[3].network", "crypto[3].name", "crypto[3].code",
		"crypto[4].code",
		"crypto[5].code",
	}, fields)
}

func TestClosedSetsReadTheirOwnTextsOnly(t *testing.T) {
	t.Parallel()
	checkSet(t, accounts.AssetKinds(), accounts.ParseAssetKind)
	checkSet(t, accounts.Statuses(), accounts.ParseStatus)
	checkSet(t, accounts.EachDirection(), accounts.ParseDirection)
	checkSet(t, accounts.AllDirections(), accounts.ParseDirections)
	both, err := accounts.ParseDirections("")
	require.NoError(t, err)
	require.Equal(t, accounts.Both, both)
	_, err = accounts.ParseStatus("")
	require.ErrorIs(t, err, tenancy.ErrInvalid)
}

func checkSet[T ~string](t *testing.T, set []T, read func(string) (T, error)) {
	t.Helper()
	require.NotEmpty(t, set)
	for _, value := range set {
		got, err := read(string(value))
		require.NoError(t, err)
		require.Equal(t, value, got)
		for _, wrong := range []string{strings.ToUpper(string(value)), " " + string(value), string(value) + "x"} {
			_, err = read(wrong)
			require.ErrorIs(t, err, tenancy.ErrInvalid)
		}
	}
}
