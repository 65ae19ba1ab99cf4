package integration_test

import (
	"math/big"
	"strings"
)

// fig is a figure of the model in units of 10^-18: plain integers, so that the
// model shares no arithmetic with what it judges.
type fig = *big.Int

const figPlaces = 18

// figOf reads a plain decimal text that the test itself has written.
func figOf(text string) fig {
	negative := strings.HasPrefix(text, "-")
	whole, places, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if len(places) > figPlaces {
		panic("the model keeps 18 places: " + text)
	}
	n, ok := new(big.Int).SetString(whole+places+strings.Repeat("0", figPlaces-len(places)), 10)
	if !ok {
		panic("not a figure: " + text)
	}
	if negative {
		n.Neg(n)
	}
	return n
}

// textOf writes a figure in the one canonical form.
func textOf(f fig) string {
	digits := new(big.Int).Abs(f).String()
	if len(digits) <= figPlaces {
		digits = strings.Repeat("0", figPlaces+1-len(digits)) + digits
	}
	whole, places := digits[:len(digits)-figPlaces], strings.TrimRight(digits[len(digits)-figPlaces:], "0")
	if places != "" {
		whole += "." + places
	}
	if f.Sign() < 0 {
		whole = "-" + whole
	}
	return whole
}

// shape gives the digits and the places of a figure's canonical text; the lone
// 0 before a point is not counted.
func shape(f fig) (digits, places int) {
	whole, after, _ := strings.Cut(strings.TrimPrefix(textOf(f), "-"), ".")
	if whole == "0" && after != "" {
		whole = ""
	}
	return len(whole) + len(after), len(after)
}

func fits(f fig) bool {
	digits, _ := shape(f)
	return digits <= 38
}

func plus(a, b fig) fig  { return new(big.Int).Add(a, b) }
func minus(a, b fig) fig { return new(big.Int).Sub(a, b) }
func nought() fig        { return new(big.Int) }

// unit is the smallest amount of an asset with this scale.
func unit(scale int) fig {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(figPlaces-scale)), nil)
}
