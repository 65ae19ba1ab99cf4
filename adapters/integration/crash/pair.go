package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The pair: books and workers of each process, how long a round is, how many
// rounds there are.
const (
	pairBooks  = 64
	pairTime   = 5 * time.Second
	pairRounds = 3
)

// measure tells that it is ready, waits for a line, works for the time that it
// is given and tells how many commands were acknowledged.
func (l *life) measure(ctx context.Context, o *opened, desks []desk) error {
	var acknowledged atomic.Int64
	c := newCrew(o.eng, desks, fmt.Sprintf("c%d-%d-", l.cycle, os.Getpid()), l.workers, func(ack) error { acknowledged.Add(1); return nil })
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var limit sync.WaitGroup
	limit.Go(func() {
		tick := time.NewTicker(l.measured)
		defer tick.Stop()
		select {
		case <-tick.C:
			c.end()
		case <-ctx.Done():
		}
	})
	c.wait(ctx)
	cancel()
	limit.Wait()
	fmt.Println(acknowledged.Load())
	return errors.Join(c.err(), o.close())
}

// measurePair prints what two processes acknowledge together and what one does
// alone, in turns, and the ratio of each round.
func measurePair(ctx context.Context, at place, out io.Writer) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	var all []int64
	for round := range uint64(pairRounds) {
		alone, err := together(ctx, binary, at, 3*round)
		if err != nil {
			return err
		}
		both, err := together(ctx, binary, at, 3*round+1, 3*round+2)
		if err != nil {
			return err
		}
		ratio := 100 * both / max(alone, 1)
		all = append(all, ratio)
		seconds := int64(pairTime / time.Second)
		if _, err := fmt.Fprintf(out, "alone %d/s, two together %d/s: %d.%02d\n", alone/seconds, both/seconds, ratio/100, ratio%100); err != nil {
			return err
		}
	}
	slices.Sort(all)
	median := all[len(all)/2]
	_, err = fmt.Fprintf(out, "median %d.%02d\n", median/100, median%100)
	return err
}

// together runs a process for each cycle, all at the same time, and adds up what
// they acknowledged.
func together(ctx context.Context, binary string, at place, cycles ...uint64) (total int64, err error) {
	type process struct {
		*exec.Cmd

		in  io.WriteCloser
		out *bufio.Reader
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	processes := make([]process, len(cycles))
	for i, cycle := range cycles {
		p := &processes[i]
		p.Cmd = exec.CommandContext(ctx, binary, "-dsn", at.name, "-cycle", strconv.FormatUint(cycle, 10), //nolint:gosec // this very program
			"-own", strconv.Itoa(pairBooks), "-workers", strconv.Itoa(pairBooks), "-measure", pairTime.String())
		p.Stderr = os.Stderr
		if p.in, err = p.StdinPipe(); err != nil {
			return 0, err
		}
		out, err := p.StdoutPipe()
		if err != nil {
			return 0, err
		}
		p.out = bufio.NewReader(out)
		if err := p.Start(); err != nil {
			return 0, err
		}
		if line, err := p.out.ReadString('\n'); err != nil || line != "ready\n" {
			return 0, fmt.Errorf("process %d told %q: %w", cycle, line, err)
		}
	}
	for _, p := range processes {
		if _, err := io.WriteString(p.in, "go\n"); err != nil {
			return 0, err
		}
	}
	for _, p := range processes {
		var n int64
		if _, err := fmt.Fscanln(p.out, &n); err != nil {
			return 0, err
		}
		total += n
		if err := p.Wait(); err != nil {
			return 0, err
		}
	}
	return total, nil
}
