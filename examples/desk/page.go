package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"
	"golang.org/x/term"

	"github.com/onbehalf/onbehalf/accounts"
)

// page writes text for people. Everything on it passes safe, and only then gets
// its colour. It keeps the first error of its writer.
type page struct {
	w      io.Writer
	colour bool
	assets accounts.Assets
	err    error
}

// tone says what a piece of text means; on a terminal it has a colour.
type tone string

const (
	plain  tone = ""
	strong tone = "1"
	faint  tone = "2"
	good   tone = "32"
	bad    tone = "31"
	waits  tone = "33"
)

// coloured tells whether a writer is a terminal whose user has not asked for
// plain text (no-color.org).
func coloured(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

func (p *page) paint(t tone, line string) string {
	line = safe(line)
	if !p.colour || t == plain || line == "" {
		return line
	}
	return "\x1b[" + string(t) + "m" + line + "\x1b[0m"
}

func (p *page) write(s string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, s)
	}
}

// linef writes one line.
func (p *page) linef(t tone, format string, args ...any) {
	p.write(p.paint(t, fmt.Sprintf(format, args...)) + "\n")
}

func (p *page) gap() { p.write("\n") }

// heading begins a part of the page.
func (p *page) heading(title string) {
	p.gap()
	p.linef(strong, "━━ %s %s", title, strings.Repeat("━", max(0, 96-len([]rune(title)))))
}

// cell is what stands in one place of a table, in one or more lines.
type cell struct {
	lines []string
	tone  tone
}

func is(lines ...string) cell            { return cell{lines: lines} }
func toned(t tone, lines ...string) cell { return cell{lines: lines, tone: t} }
func (p *page) render(c cell) string     { return strings.Join(p.renderLines(c), "\n") }
func (p *page) renderLines(c cell) []string {
	out := make([]string, len(c.lines))
	for i, l := range c.lines {
		out[i] = p.paint(c.tone, l)
	}
	return out
}

// column is one column of a table.
type column struct {
	name  string
	right bool // it holds figures
	width int  // longer lines are broken; 0: never
}

func col(name string) column         { return column{name: name} }
func num(name string) column         { return column{name: name, right: true} }
func wide(name string, n int) column { return column{name: name, width: n} }

// table writes rows under headers. Without rows it says so.
func (p *page) table(heads []column, rows [][]cell) {
	if len(rows) == 0 {
		p.linef(faint, "(none)")
		return
	}
	t := newTable()
	head := make(table.Row, len(heads))
	configs := make([]table.ColumnConfig, len(heads))
	for i, h := range heads {
		head[i] = p.paint(strong, h.name)
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: h.width, WidthMaxEnforcer: text.WrapSoft}
		if h.right {
			configs[i].Align, configs[i].AlignHeader = text.AlignRight, text.AlignRight
		}
	}
	t.AppendHeader(head)
	t.SetColumnConfigs(configs)
	for _, cells := range rows {
		t.Style().Options.SeparateRows = t.Style().Options.SeparateRows || slices.ContainsFunc(cells, func(c cell) bool { return len(c.lines) > 1 })
		row := make(table.Row, len(cells))
		for i, c := range cells {
			row[i] = p.render(c)
		}
		t.AppendRow(row)
	}
	p.write(t.Render() + "\n")
}

// box frames a few lines.
func (p *page) box(rows ...cell) {
	t := newTable()
	for _, c := range rows {
		t.AppendRow(table.Row{p.render(c)})
	}
	p.write(t.Render() + "\n")
}

func newTable() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format = table.FormatOptions{}
	return t
}

// money writes an amount with the digits of its asset.
func (p *page) money(d decimal.Decimal, asset string) string {
	return p.figure(d, asset) + " " + asset
}

func (p *page) figure(d decimal.Decimal, asset string) string {
	a, ok := p.assets.Lookup(asset)
	if !ok {
		return accounts.Canonical(d)
	}
	return accounts.Format(d, a.Scale)
}
