package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// globals are the flags of every command.
type globals struct {
	Store       string   `default:"sqlite" enum:"sqlite,postgres" help:"What the firm's database is: sqlite (default) or postgres." placeholder:"KIND"`
	DB          string   `help:"The firm's database in SQLite." name:"db" placeholder:"FILE"`
	DSN         string   `env:"DESK_DSN" help:"The firm's database in PostgreSQL. With a password in it, give it in DESK_DSN: a command line can be seen by others." name:"dsn" placeholder:"URL"`
	Firm        string   `default:"acme" help:"The firm (default: acme)." placeholder:"ID"`
	As          string   `help:"Who you are: ana, bruno, carla or davi." placeholder:"OPERATOR"`
	Reason      string   `help:"Why you enter a customer's context; recorded with all you do there." placeholder:"TEXT"`
	Key         string   `help:"The idempotency key of a change; a fresh one is drawn and printed." placeholder:"KEY"`
	Rates       string   `help:"Recorded rates to trade by, in lines date,base,quote,rate; default: a few made up ones." placeholder:"FILE" type:"existingfile"`
	Acknowledge []string `help:"The codes of warnings you have seen, see explain; the change is meant in spite of them." placeholder:"CODE"`
	JSON        bool     `help:"Print for programs: one document, amounts as strings." name:"json"`
}

// commands is the whole command line.
type commands struct {
	globals

	Demo      demoCmd      `cmd:"" help:"Show every part on a database of its own, which is removed in the end."`
	Init      initCmd      `cmd:"" help:"Begin a firm in a database; you become its first administrator."`
	Operators operatorsCmd `cmd:"" help:"List the firm's operators."`
	Register  registerCmd  `cmd:"" help:"Make one of the staff an operator of the firm."`
	Grant     grantCmd     `cmd:"" help:"Let an operator do certain things for a customer, for every customer, or in the house."`
	Grants    grantsCmd    `cmd:"" help:"List the grants of one book."`
	Revoke    revokeCmd    `cmd:"" help:"End a grant."`
	Customers customersCmd `cmd:"" help:"List the customers you may see."`
	Open      openCmd      `cmd:"" help:"Open a customer."`
	Status    statusCmd    `cmd:"" help:"Change the status of a customer, or of one of his accounts."`
	Account   accountCmd   `cmd:"" help:"Open an account."`
	Accounts  accountsCmd  `cmd:"" help:"Show a customer's accounts, and whether they are eligible."`
	Explain   explainCmd   `cmd:"" help:"Tell what an operation would do and cost, or every reason why not."`
	Prepare   prepareCmd   `cmd:"" help:"Price an operation and keep its terms until they expire."`
	Submit    submitCmd    `cmd:"" help:"Prepare and execute in one change."`
	Modify    modifyCmd    `cmd:"" help:"Give an operation that has not begun to happen other content."`
	Execute   executeCmd   `cmd:"" help:"Do what was prepared, on its terms."`
	Cancel    cancelCmd    `cmd:"" help:"Withdraw an operation that has not begun to happen."`
	History   historyCmd   `cmd:"" help:"List a customer's operations, newest first."`
	Actions   actionsCmd   `cmd:"" help:"Show an operation and what you may do to it, with all reasons why not."`
	Approve   approveCmd   `cmd:"" help:"Agree to an operation that waits for it; nobody agrees to his own."`
	Reject    rejectCmd    `cmd:"" help:"End an operation that waits for approval."`
	Withdraw  withdrawCmd  `cmd:"" help:"Take back your own approval of an operation that still waits for others."`
	Worklist  worklistCmd  `cmd:"" help:"List what waits for approval, and whether you may give it."`
	Versions  versionsCmd  `cmd:"" help:"List the versions of an operation: who made each, and what it was."`
	Resolve   resolveCmd   `cmd:"" help:"Say how an operation in doubt has ended, on evidence; it takes two persons."`
	Incidents incidentsCmd `cmd:"" help:"List what people have to look at, over all customers you may see."`
	Refund    refundCmd    `cmd:"" help:"Give back of a completed operation."`
	Refunds   refundsCmd   `cmd:"" help:"List the refunds of an operation."`
	Freeze    freezeCmd    `cmd:"" help:"Keep a customer, or one of his accounts, from being debited or credited."`
	Unfreeze  unfreezeCmd  `cmd:"" help:"Lift a freeze."`
	Freezes   freezesCmd   `cmd:"" help:"List what is frozen of a customer."`
	Stop      stopCmd      `cmd:"" help:"Let nothing of a kind, by a provider or in the whole firm begin."`
	Lift      liftCmd      `cmd:"" help:"Let it begin again."`
	Stops     stopsCmd     `cmd:"" help:"List what is stopped."`
	Providers providersCmd `cmd:"" help:"Say which providers may be used for a customer's trades; without any, list them."`
	Pair      pairCmd      `cmd:"" help:"Set up what a customer may trade, or change it."`
	Pairs     pairsCmd     `cmd:"" help:"List what a customer may trade, and what keeps it from being traded."`
	Path      pathCmd      `cmd:"" help:"Set up a way to a price of a pair, or to its execution, or change it."`
	Paths     pathsCmd     `cmd:"" help:"List the paths of a pair, in their order."`
	Quote     quoteCmd     `cmd:"" help:"Ask for a price that stands for a while; execute trades on it."`
	Trade     tradeCmd     `cmd:"" help:"Trade at once, at the price of the moment."`
	Treasury  treasuryCmd  `cmd:"" help:"Show what providers owe the firm and are owed, and what it earned, over all books."`
	Settle    settleCmd    `cmd:"" help:"Book that a provider was paid what he is owed, or paid what he owes."`
	Statement statementCmd `cmd:"" help:"List the postings of an account, newest first."`
	Journal   journalCmd   `cmd:"" help:"List the entries of a book: who did what, for whom and why."`
	Work      workCmd      `cmd:"" help:"Do what has become due in all books."`
	Verify    verifyCmd    `cmd:"" help:"Verify one book, or all of the firm."`
	Export    exportCmd    `cmd:"" help:"Write one book, or all of the firm, to files: with personal data, in the clear."`
	Import    importCmd    `cmd:"" help:"Bring books that were exported into a database, verified; called again it goes on."`
	Erase     eraseCmd     `cmd:"" help:"Erase the personal data of a closed customer; his journal stays whole."`
}

// errUsage is a command line that cannot be understood.
var errUsage = errors.New("usage")

// caller is one run of the command: what its commands share.
type caller struct {
	globals

	out    *out
	assets accounts.Assets
	clock  operations.Clock
	desk   *desk  // opened by the first command that needs it
	used   string // the key that was sent
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	assets, err := firmAssets()
	o := &out{stdout: stdout, stderr: stderr, json: slices.Contains(args, "--json"), assets: assets}
	if err != nil {
		o.fail(err, "")
		return exitOther
	}
	c := &caller{out: o, assets: assets, clock: systemClock()}
	err = c.parseAndRun(ctx, args)
	if c.desk != nil {
		err = errors.Join(err, c.desk.close())
	}
	if err != nil && !errors.Is(err, errDamage) && !errors.Is(err, errWouldRefuse) {
		o.fail(err, c.used)
	}
	return classOf(err).code
}

func (c *caller) parseAndRun(ctx context.Context, args []string) error {
	var cmds commands
	helped := false
	parser, err := kong.New(&cmds,
		kong.Name("desk"),
		kong.Description("The screen on which a firm's staff operate accounts for its customers, as text. Start with: desk demo"),
		kong.Writers(c.out.stdout, c.out.stderr),
		kong.Exit(func(int) { helped = true }),
		kong.Help(help),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return fmt.Errorf("command line: %w", err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	switch {
	case helped:
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w; see desk --help", errUsage, err)
	}
	c.globals = cmds.globals
	c.out.json = c.JSON
	return parsed.Run(c)
}

// help is kong's, with the exit codes after that of the whole command.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	_, err := io.WriteString(ctx.Stdout, exitHelp)
	return err
}

// sit opens the database and signs the operator in.
func (c *caller) sit(ctx context.Context) (*seat, error) { return c.seat(ctx, false) }

func (c *caller) seat(ctx context.Context, create bool) (*seat, error) {
	who, err := signIn(tenancy.TenantID(c.Firm), c.As)
	if err != nil {
		return nil, err
	}
	if err := who.Validate(); err != nil {
		return nil, err
	}
	if err := c.unlock(ctx, create); err != nil {
		return nil, err
	}
	return &seat{desk: c.desk, who: who, reason: c.Reason}, nil
}

// unlock opens the database, and signs nobody in.
func (c *caller) unlock(ctx context.Context, create bool) (err error) {
	at := place{store: sqlstore.Dialect(c.Store), file: c.DB, dsn: c.DSN}
	cfg, err := trades(config(c.assets, c.clock), c.Rates)
	if err != nil {
		return err
	}
	c.desk, err = open(ctx, at, tenancy.TenantID(c.Firm), create, cfg)
	return err
}

// intent is the key a change is sent under. A fresh one is told before it is
// sent, so that it is known whatever happens then.
func (c *caller) intent() (operations.Intent, error) {
	c.used = c.Key
	if c.used == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return operations.Intent{}, fmt.Errorf("draw key: %w", err)
		}
		c.used = id.String()
		if !c.JSON {
			p := c.out.page(c.out.stderr)
			p.linef(faint, "sent with --key %s", c.used)
			return operations.Intent{Key: c.used, Acknowledge: c.Acknowledge}, p.err
		}
	}
	return operations.Intent{Key: c.used, Acknowledge: c.Acknowledge}, nil
}

// book names the context of a command.
type book struct {
	Customer string `help:"Whose context to enter: a customer's id, or house for the firm's own." placeholder:"ID" required:"true"`
}

func (b book) enter(ctx context.Context, c *caller) (*seat, tenancy.Scope, error) {
	s, err := c.sit(ctx)
	if err != nil {
		return nil, tenancy.Scope{}, err
	}
	scope, err := s.enter(ctx, tenancy.CustomerID(b.Customer))
	return s, scope, err
}

// paging goes on in a list.
type paging struct {
	Cursor string `help:"Go on from where the last page ended." placeholder:"CURSOR"`
	Limit  int    `help:"At most this many (1 to 200, default 50)." placeholder:"N"`
}
