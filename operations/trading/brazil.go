package trading

import "time"

// Brazil is the set of Brazil's holidays: the national ones of Lei 662/1949, Lei
// 6.802/1980 and Lei 10.607/2002, 20 November since 2024 (Lei 14.759/2023), and
// Good Friday. With Banks it also has the other days on which the financial
// market does not work: Carnival Monday and Tuesday, and Corpus Christi
// (Resolução CMN 4.880/2020). It has neither states' nor cities' holidays, for
// which see AnyOf, and no half days, such as Ash Wednesday's morning.
type Brazil struct{ Banks bool }

// Holiday tells whether the day is one.
func (b Brazil) Holiday(d Date) bool {
	for _, h := range brazilian() {
		if d.Year >= h.since && (!h.banks || b.Banks) && d == h.in(d.Year) {
			return true
		}
	}
	return false
}

// holiday is a rule that gives one day a year: on a date, or so many days after
// Easter Sunday where month is zero.
type holiday struct {
	month time.Month
	day   int
	since int  // the first year
	banks bool // of banks alone
}

// brazilian are Brazil's rules. Years before 2003 are as the laws of 2003 have
// them.
func brazilian() [13]holiday {
	return [...]holiday{
		{month: time.January, day: 1},                // Confraternização Universal
		{day: -48, banks: true},                      // Carnaval, segunda-feira
		{day: -47, banks: true},                      // Carnaval, terça-feira
		{day: -2},                                    // Paixão de Cristo
		{month: time.April, day: 21},                 // Tiradentes
		{month: time.May, day: 1},                    // Dia do Trabalho
		{day: 60, banks: true},                       // Corpus Christi
		{month: time.September, day: 7},              // Independência
		{month: time.October, day: 12},               // Nossa Senhora Aparecida
		{month: time.November, day: 2},               // Finados
		{month: time.November, day: 15},              // Proclamação da República
		{month: time.November, day: 20, since: 2024}, // Dia de Zumbi e da Consciência Negra
		{month: time.December, day: 25},              // Natal
	}
}

func (h holiday) in(year int) Date {
	if h.month == 0 {
		return easter(year).plus(h.day)
	}
	return Date{year, h.month, h.day}
}

// easter is Easter Sunday by the Gregorian reckoning (the anonymous algorithm,
// Nature, 20 April 1876).
func easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return Date{Year: year, Month: time.Month(month), Day: day}
}
