package fix_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// cells are the columns v0, v1, ... and at of a row; nil is null.
type cells []any

// owners are what a random suite says of its columns.
var owners = []string{"source", "target", "manual", "{newest: at}", "{prefer: source}", "{prefer: target}", ""}

// right is what each side holds of a column afterwards, by the page about corrections alone. It knows nothing of how plans are made.
func right(owner, to string, l, r, lAt, rAt any) (left, other any) {
	if l == r {
		return l, r
	}
	if owner == "" {
		owner = map[string]string{"target": "source", "source": "target"}[to]
	}
	switch owner {
	case "source":
		return l, l
	case "target":
		return r, r
	case "{prefer: source}":
		if l == nil {
			return r, r
		}
		return l, l
	case "{prefer: target}":
		if r == nil {
			return l, l
		}
		return r, r
	case "{newest: at}":
		switch {
		case lAt == nil || rAt == nil || lAt == rAt:
		case lAt.(int) > rAt.(int):
			return l, l
		default:
			return r, r
		}
	}
	return l, r // manual
}

// TestOwnershipIsExact corrects random tables under random owners, and holds both to what the rules say of each cell.
func TestOwnershipIsExact(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	changed, times := 0, 6
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		times = 200
	}
	for range times {
		changed += ownership(t, r)
	}
	if changed < 50 {
		t.Errorf("%d changes: hardly anything was tested", changed)
	}
}

func ownership(t *testing.T, r *rand.Rand) int {
	t.Helper()
	const columns, rows = 4, 40
	pick := func(most int) any {
		if r.IntN(4) == 0 {
			return nil
		}
		return r.IntN(most)
	}
	to := []string{"target", "source"}[r.IntN(2)]
	missing, extra := []string{"insert", "ignore"}[r.IntN(2)], []string{"delete", "ignore"}[r.IntN(2)]
	own := make([]string, columns)
	newest := false
	var said []string
	for c := range own {
		own[c] = owners[r.IntN(len(owners))]
		newest = newest || own[c] == "{newest: at}"
		if own[c] != "" {
			said = append(said, fmt.Sprintf("v%d: %s", c, own[c]))
		}
	}
	left, other := map[int]cells{}, map[int]cells{}
	for id := range rows {
		row := func() cells {
			out := make(cells, 0, columns+1)
			for range columns {
				out = append(out, pick(3))
			}
			return append(out, pick(3))
		}
		if k := r.IntN(6); k != 0 {
			left[id] = row()
			if k != 1 {
				other[id] = row()
			}
		} else {
			other[id] = row()
		}
	}
	table := func(rows map[int]cells) string {
		var b strings.Builder
		b.WriteString("CREATE TABLE t (id INTEGER PRIMARY KEY, v0 INTEGER, v1 INTEGER, v2 INTEGER, v3 INTEGER, at INTEGER);")
		for id, row := range rows {
			fmt.Fprintf(&b, "INSERT INTO t VALUES (%d", id)
			for _, c := range row {
				if c == nil {
					c = "NULL"
				}
				fmt.Fprintf(&b, ", %v", c)
			}
			b.WriteString(");")
		}
		return b.String()
	}
	w := newWorld(t, table(left), table(other))
	suite := fmt.Sprintf(`datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}
expectations:
  - {id: e, compare: {source: l, target: r}, fix: {to: %s, missing: %s, extra: %s, columns: {%s}}}
`, to, missing, extra, strings.Join(said, ", "))
	p := w.fine(suite)
	w.apply(p)

	mine, theirs := left, other // the corrected side, and the other one
	if to == "target" {
		mine, theirs = other, left
	}
	wantMine, wantTheirs := map[int]cells{}, map[int]cells{}
	for id := range rows {
		m, have := mine[id]
		o, has := theirs[id]
		switch {
		case have && has:
			a, b := left[id], other[id]
			x, y := make(cells, columns+1), make(cells, columns+1)
			for c := range a {
				owner := ""
				if c < columns {
					owner = own[c]
				} else if newest { // the column that tells goes with the newer row
					owner = "{newest: at}"
				}
				x[c], y[c] = right(owner, to, a[c], b[c], a[columns], b[columns])
			}
			if to == "target" {
				x, y = y, x
			}
			wantMine[id], wantTheirs[id] = x, y
		case have && extra == "ignore":
			wantMine[id] = m
		case has:
			wantTheirs[id] = o
			if missing == "insert" {
				wantMine[id] = o
			}
		}
	}
	db := map[string]string{"target": "b", "source": "a"}
	is(t, suite+p.lines()+"corrected side", w.rows(db[to], all2), texts(wantMine, rows))
	is(t, suite+p.lines()+"other side", w.rows(map[string]string{"target": "a", "source": "b"}[to], all2), texts(wantTheirs, rows))
	for line := range strings.SplitSeq(strings.TrimSpace(w.fine(suite).lines()), "\n") {
		if line != "" && !strings.Contains(line, " manual ") {
			t.Errorf("%sleft: %s", suite, line)
		}
	}
	return len(p.changes)
}

const all2 = "SELECT * FROM t ORDER BY id"

func texts(rows map[int]cells, n int) string {
	var b strings.Builder
	for id := range n {
		row, ok := rows[id]
		if !ok {
			continue
		}
		fmt.Fprint(&b, id)
		for _, c := range row {
			fmt.Fprintf(&b, "|%v", c)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
