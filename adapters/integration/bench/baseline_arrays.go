package main

// handArrays are the rows of a batch by columns, as hand_batch takes them.
type handArrays struct {
	head struct {
		customer         []string
		from, to         []int64
		fromHash, toHash [][]byte
	}
	change struct {
		customer, key, id, kind, from, to, amount []string
		seq, at                                   []int64
		prev, hash, fingerprint, bytes            [][]byte
	}
	posting struct {
		customer, ref, operation, amount, balance []string
		seq, n, at                                []int64
	}
	balance struct {
		customer, ref, posted []string
		seq                   []int64
	}
	heads    map[*ledgerBook]int
	balances map[*balance]int
}

func newHandArrays() *handArrays {
	return &handArrays{heads: make(map[*ledgerBook]int, handBatch), balances: make(map[*balance]int, 2*handBatch)}
}

func (a *handArrays) add(b *ledgerBook, c *change) {
	h := &a.head
	if i, ok := a.heads[b]; ok {
		h.to[i], h.toHash[i] = c.seq, c.hash[:]
	} else {
		a.heads[b] = len(h.customer)
		h.customer = append(h.customer, b.customer)
		h.from, h.fromHash = append(h.from, c.seq-1), append(h.fromHash, c.prev[:])
		h.to, h.toHash = append(h.to, c.seq), append(h.toHash, c.hash[:])
	}
	x, at := &a.change, c.at.UnixMicro()
	x.customer, x.key, x.id = append(x.customer, b.customer), append(x.key, c.key), append(x.id, c.id)
	x.kind, x.from, x.to, x.amount = append(x.kind, c.kind), append(x.from, c.from), append(x.to, c.to), append(x.amount, sum(c.amount))
	x.seq, x.at = append(x.seq, c.seq), append(x.at, at)
	x.prev, x.hash = append(x.prev, c.prev[:]), append(x.hash, c.hash[:])
	x.fingerprint, x.bytes = append(x.fingerprint, c.fingerprint[:]), append(x.bytes, c.bytes)
	for n := range c.legs {
		l := &c.legs[n]
		posted := sum(l.posted)
		p := &a.posting
		p.customer, p.ref, p.operation = append(p.customer, b.customer), append(p.ref, l.of.ref), append(p.operation, c.id)
		p.amount, p.balance = append(p.amount, sum(l.amount)), append(p.balance, posted)
		p.seq, p.n, p.at = append(p.seq, c.seq), append(p.n, int64(n)), append(p.at, at)
		k := &a.balance
		if i, ok := a.balances[l.of]; ok {
			k.posted[i], k.seq[i] = posted, c.seq
			continue
		}
		a.balances[l.of] = len(k.ref)
		k.customer, k.ref = append(k.customer, b.customer), append(k.ref, l.of.ref)
		k.posted, k.seq = append(k.posted, posted), append(k.seq, c.seq)
	}
}

func (a *handArrays) args(tenant string) []any {
	h, c, p, b := &a.head, &a.change, &a.posting, &a.balance
	return []any{
		tenant, asset, h.customer, h.from, h.fromHash, h.to, h.toHash,
		c.customer, c.seq, c.prev, c.hash, c.at, c.key, c.id, c.kind, c.from, c.to, c.amount, c.fingerprint, c.bytes,
		p.customer, p.ref, p.seq, p.n, p.at, p.operation, p.amount, p.balance,
		b.customer, b.ref, b.posted, b.seq,
	}
}
