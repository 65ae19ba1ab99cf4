package main

import (
	"errors"
	"os"
	"runtime/pprof"
)

// profile begins to look where this process spends its time, and gives what
// ends it and writes down what was seen.
func profile(dir string) (stop func() error, err error) {
	if dir == "" {
		return func() error { return nil }, nil
	}
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	cpu, err := folder.Create("cpu.pprof")
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, errors.Join(err, cpu.Close(), folder.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		allocs, err := folder.Create("allocs.pprof")
		if err != nil {
			return errors.Join(err, cpu.Close(), folder.Close())
		}
		return errors.Join(pprof.Lookup("allocs").WriteTo(allocs, 0), allocs.Close(), cpu.Close(), folder.Close())
	}, nil
}
