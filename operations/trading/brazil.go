package trading

import "time"

// Brazil is the set of Brazil's holidays: the national ones of Lei 662/1949 and
// Lei 6.802/1980 with 20 November since 2024 (Lei 14.759/2023), Good Friday,
// and, as the option says, those on which banks do not work besides: Carnival
// Monday and Tuesday and Corpus Christi (Resolução CMN 4.880/2020).
type Brazil struct{ Banks bool }

// Holiday tells whether the day is one.
func (b Brazil) Holiday(d Date) bool {
	switch [2]int{int(d.Month), d.Day} {
	case [2]int{1, 1}, [2]int{4, 21}, [2]int{5, 1}, [2]int{9, 7}, [2]int{10, 12}, [2]int{11, 2}, [2]int{11, 15}, [2]int{12, 25}:
		return true
	case [2]int{11, 20}:
		return d.Year >= 2024
	}
	sunday := easter(d.Year)
	if d == sunday.plus(-2) {
		return true
	}
	return b.Banks && (d == sunday.plus(-48) || d == sunday.plus(-47) || d == sunday.plus(60))
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
