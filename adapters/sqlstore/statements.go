package sqlstore

// statement names one SQL text. Every text a call runs is on this list, and
// dialects give all of them, so that tests can walk them.
type statement int

const (
	guardSchema         statement = iota // begins a write: takes the lock, and touches a row only when the schema is another
	hasSchema                            // whether the table with the schema's version exists
	readSchema                           // the schema's version
	savepoint                            // a commit inside the host's own transaction
	undoSavepoint                        //
	closeSavepoint                       //
	makeSchema                           // before the first migration
	enterSchema                          // at the beginning of each
	setScope                             // tells the database what a transaction is about
	setScopeToRead                       // the same, and that rows are looked up by indexes
	commitRuns                           // a batch, by the database's own function
	commitRun                            // the same for the most common batch
	findInBook                           // find, by the database's own function
	loadBook                             // a load, by the database's own function
	loadBooks                            // several
	lockOperator                         // reads an operator and keeps others from changing him
	lockOperatorToWrite                  // the same, to change him
	readHead                             // the schema's version with the head
	openBook                             // the first head
	moveHead                             // the next head, if the head is exactly this one
	putEntry
	putKey // tells by the rows it touched whether the key was free
	putOperation
	putPosting
	putBalance
	putCustomer
	putGrant
	putOperator
	putPersonal
	erasePersonal
	eraseCustomer
	putSnapshot
	entryHash
	entryOfKey
	entriesAfter
	readSnapshot
	readOperator
	find
	history
	historyFloor
	statementOf
	personal
	allOperations
	allPostings
	allBalances
	allKeys
	readCustomer
	allGrants
	allOperators
	dropOperations
	dropPostings
	dropBalances
	dropKeys
	dropCustomer
	dropGrants
	dropOperators
	dropSnapshot
	customers
	customersFloor
	customersGranted
	customersGrantedFloor
	heads
	lockOperatorNow        // as lockOperator, and fails where it would have to wait
	lockOperatorToWriteNow // the same, to change him
	lockHead               // the head, which nobody else moves until the transaction ends
	positions
	takeHead // the seq of the head, which nobody else moves before the transaction ends
	putTicket
	dropTicket
	dropTickets
	announce
	allWaiting
	readyTenants
	readyTickets // which nobody else claims before the transaction ends
	claimTicket
	settleTicket
	endTicket
	parkedTickets
	requeueTicket
	waiting
	waitingGranted
	positionBooks
	statementCount
)
