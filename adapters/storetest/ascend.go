package storetest

// ascend reads a list of the directory to its end, page by page, and checks what
// every page must be: within its limit, and going on after the place that it was
// asked to begin after.
func ascend[T, P any](b *bundle, what string, limit int, after P, compare func(x, y P) int, page func(after P) (items []T, next P, more bool, err error)) []T {
	b.Helper()
	var all []T
	for range maxPages {
		items, next, more, err := page(after)
		b.ok(err, what)
		if len(items) > limit {
			b.Fatalf("a page of at most %d %s has %d", limit, what, len(items))
		}
		all = append(all, items...)
		if !more {
			return all
		}
		if compare(next, after) <= 0 {
			b.Fatalf("the page of %s after %+v goes on after %+v", what, after, next)
		}
		after = next
	}
	b.Fatalf("the list of %s does not end within %d pages", what, maxPages)
	return nil
}
