package main

import (
	"math/rand/v2"
	"strconv"

	"github.com/shopspring/decimal"
)

// A customer has two accounts, current and savings, with this much on the
// current one before anything is measured, in minor units. It is far more than
// all transfers take.
const funding = 100_000_000_000

// asset is what everything is in; its scale is 2.
const (
	asset = "EUR"
	scale = 2
)

// task is one operation on one customer's book: a deposit to the current
// account, or a transfer from it to savings. Both write two postings and two
// balances.
type task struct {
	key      string
	book     int
	transfer bool
	amount   int64 // minor units
}

func (t task) decimal() decimal.Decimal { return decimal.New(t.amount, -scale) }

// workload draws the tasks of each round and knows what the balances must be
// after them. Both sides of a comparison get the same tasks.
type workload struct {
	books   int
	round   int
	draw    *rand.Rand
	current []int64 // by book, minor units
	savings []int64
	done    int // tasks given out
}

func newWorkload(books int) *workload {
	w := &workload{
		books: books, draw: rand.New(rand.NewPCG(1, 2)), //nolint:gosec // the same load each time, no secret
		current: make([]int64, books), savings: make([]int64, books),
	}
	for i := range w.current {
		w.current[i] = funding
	}
	return w
}

func (w *workload) next(n int) []task {
	w.round++
	tasks := make([]task, n)
	for i := range tasks {
		t := task{
			key:  "task-" + strconv.Itoa(w.round) + "-" + strconv.Itoa(i),
			book: w.draw.IntN(w.books), transfer: w.draw.IntN(2) == 1, amount: 1 + w.draw.Int64N(100_000),
		}
		if t.transfer {
			w.current[t.book] -= t.amount
			w.savings[t.book] += t.amount
		} else {
			w.current[t.book] += t.amount
		}
		tasks[i] = t
	}
	w.done += n
	return tasks
}
