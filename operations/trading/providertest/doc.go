// Package providertest holds a trading.Provider to its contract. Whoever writes
// one runs the cases against it, or against its sandbox, in a test of his own:
//
//	providertest.Run(t, providertest.Suite{
//		New:   func(t *testing.T) trading.Provider { return bank.New(sandbox(t)) },
//		Ask:   trading.Ask{Base: "USD", Quote: "BRL", Side: operations.Buy, Amount: decimal.New(100, 0), OfBase: true},
//		Clock: operations.ClockFunc(time.Now),
//	})
//
// The cases trade: never run them where money is real.
package providertest
