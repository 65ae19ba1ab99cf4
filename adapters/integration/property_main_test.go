package integration_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// counts says how much the tests of this package do: "" for a few seconds,
// "race" for a tenth of "ci", "soak" for "ci" and, where a test can, more.
func counts() string { return os.Getenv("ONBEHALF_COUNTS") }

// atLeast chooses a count by the environment.
func atLeast(quick, race, ci int) int {
	switch counts() {
	case "ci", "soak":
		return ci
	case "race":
		return race
	}
	return quick
}

func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.checks": "20", "rapid.steps": "100", "rapid.shrinktime": "20s"} {
		given := false
		flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
		if !given {
			must(flag.Set(name, value))
		}
	}
	goleak.VerifyTestMain(withServer{m})
}
