package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// progress tells how far one stage is: by a bar where somebody watches, by a
// line after every so many steps where that was asked for, otherwise not.
type progress struct {
	out   io.Writer
	what  string
	total int
	every int // steps from line to line; 0: none
	bar   bool

	mu    sync.Mutex
	n     int
	drawn int
}

const barWidth = 40

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func newProgress(out io.Writer, every int, what string, total int) *progress {
	return &progress{out: out, what: what, total: total, every: every, bar: every == 0 && terminal(out), drawn: -1}
}

// step says that one more is done.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	switch {
	case p.bar:
		p.draw()
	case p.every > 0 && (p.n%p.every == 0 || p.n == p.total):
		_, _ = fmt.Fprintf(p.out, "%d of %d %s\n", p.n, p.total, p.what)
	}
}

// draw draws the bar anew when a hundredth more is done.
func (p *progress) draw() {
	part := p.n * 100 / max(p.total, 1)
	if part == p.drawn && p.n < p.total {
		return
	}
	p.drawn = part
	full := min(p.n*barWidth/max(p.total, 1), barWidth)
	_, _ = fmt.Fprintf(p.out, "\r[%s%s] %d of %d %s", strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), p.n, p.total, p.what)
	if p.n >= p.total {
		_, _ = fmt.Fprintln(p.out)
	}
}
