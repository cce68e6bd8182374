package diff_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// keyed is a table of n rows with the given key of each.
func keyed(kind value.Kind, n int, key func(i int) cell) table {
	tb := table{cols: []value.Column{{Name: "k", Type: value.Of(kind)}, {Name: "c", Type: value.Of(value.Int)}}, key: []string{"k"}}
	for i := range n {
		tb.rows = append(tb.rows, []cell{key(i), {Value: value.IntValue(int64(i % 7))}})
	}
	return tb
}

// TestDigestKeys digests tables by keys of every kind that a server can be asked for ranges of, between engines.
func TestDigestKeys(t *testing.T) {
	text := func(i int) string {
		return []string{"a", "A", "á", "Z", "z", "_", "-", "ß", "😀", "ab", "a b", "aB", "É", "é", "0"}[i%15] + fmt.Sprintf("%03d", i)
	}
	keys := map[string]table{
		"texts":     keyed(value.String, 600, func(i int) cell { return cell{Value: value.StringValue(text(i))} }),
		"bytes":     keyed(value.Bytes, 600, func(i int) cell { return cell{Value: value.BytesValue([]byte{byte(255 - i%256), byte(i / 256)})} }),
		"decimals":  keyed(value.Decimal, 600, func(i int) cell { return cell{Value: value.DecimalValue(value.NewDec(int64(i-300)*125, 2))} }),
		"sparse":    keyed(value.Int, 600, func(i int) cell { return cell{Value: value.IntValue(int64(i) * int64(i) * int64(i) * 1e9)} }),
		"half null": keyed(value.Int, 600, func(i int) cell { return map[bool]cell{true: {}, false: {Value: value.IntValue(int64(i))}}[i%2 == 0] }),
		"one value": keyed(value.Int, 600, func(int) cell { return cell{Value: value.IntValue(5)} }),
		"half one":  keyed(value.Int, 600, func(i int) cell { return cell{Value: value.IntValue(int64(max(i, 300)))} }),
		"all null":  keyed(value.Int, 600, func(int) cell { return cell{} }),
		"few":       keyed(value.Int, 3, func(i int) cell { return cell{Value: value.IntValue(int64(i))} }),
		"one":       keyed(value.Int, 1, func(i int) cell { return cell{Value: value.IntValue(int64(i))} }),
		"none":      keyed(value.Int, 0, nil),
		"timestamps": keyed(value.Timestamp, 600, func(i int) cell {
			return cell{Value: randomValue(rand.New(rand.NewPCG(uint64(i), 1)), value.Timestamp, 1<<30)}
		}),
	}
	for name, open := range map[string]func(t testing.TB) (left, right *store){
		"sqlite": func(t testing.TB) (left, right *store) { t.Helper(); s := sqliteStore(t); return s, s },
		"mysql and postgres": func(t testing.TB) (left, right *store) {
			t.Helper()
			return mysqlStore(t, connectortest.MySQL(t), connectortest.EngineMySQL), postgresStore(t)
		},
		"mariadb and postgres": func(t testing.TB) (left, right *store) {
			t.Helper()
			return mysqlStore(t, connectortest.MariaDB(t), connectortest.EngineMariaDB), postgresStore(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t)
			for kind, tb := range keys {
				if name == "sqlite" && kind == "timestamps" {
					continue // texts there, of any resolution
				}
				t.Run(kind, func(t *testing.T) {
					other := table{cols: tb.cols, key: tb.key}
					for i, row := range tb.rows { // the first, the last and one amidst differ
						row = append([]cell(nil), row...)
						if i == 0 || i == len(tb.rows)-1 || i == 333 {
							row[1] = cell{Value: value.IntValue(99)}
						}
						if i != 334 {
							other.rows = append(other.rows, row)
						}
					}
					l, leftTable := from.put(t, "kl", &tb)
					r, rightTable := to.put(t, "kr", &other)
					s := align(t, l, r, diff.AlignOptions{Strategy: diff.Digest, MemoryBytes: 1 << 12})
					res, _ := check(t, &s, &leftTable, &rightTable)
					if res.Choice.Strategy != diff.Digest {
						t.Errorf("%+v", res.Choice)
					}
					empty, emptyTable := to.put(t, "ke", &table{cols: tb.cols, key: tb.key})
					s = align(t, l, empty, diff.AlignOptions{Strategy: diff.Digest})
					check(t, &s, &leftTable, &emptyTable)
					s = align(t, empty, l, diff.AlignOptions{Strategy: diff.Digest})
					check(t, &s, &emptyTable, &leftTable)
				})
			}
		})
	}
}

// TestDigestNotTaken names what digests cannot say: then rows are merged, whatever was asked for, and the reason says why.
func TestDigestNotTaken(t *testing.T) {
	tb := keyed(value.Int, 50, func(i int) cell { return cell{Value: value.IntValue(int64(i))} })
	doubles := keyed(value.Double, 50, func(i int) cell { return cell{Value: value.DoubleValue(float64(i))} })
	half := value.NewDec(5, 1)
	for name, c := range map[string]struct {
		tb     table
		o      diff.AlignOptions
		reason string
	}{
		"a tolerance": {tb, diff.AlignOptions{Options: map[string]canon.Options{"c": {Tolerance: canon.Tolerance{Abs: half, Set: true}}}}, "column c: values within a tolerance"},
		"a condition": {tb, diff.AlignOptions{Expect: map[string]func(l, r []value.Value) (bool, bool){
			"c": func(l, r []value.Value) (bool, bool) { return l[0].Int() == r[0].Int(), true },
		}}, "column c has a condition of its own"},
		"a key of doubles": {doubles, diff.AlignOptions{}, "no range of the key"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			c.o.Strategy = diff.Digest
			s := align(t, c.tb.source(t, "l", r), c.tb.source(t, "r", r), c.o)
			res, err := diff.Run(t.Context(), s, nil, nil)
			if err != nil || res.Choice.Strategy != diff.Merge || !strings.Contains(res.Choice.Reason, "digests were asked for, but "+c.reason) || res.Counts.Identical != 50 || res.Bound != 0 {
				t.Errorf("%+v, %v", res, err)
			}
			choice, _, err := diff.Explain(s)
			if err != nil || choice != res.Choice {
				t.Errorf("explained as %+v, %v", choice, err)
			}
		})
	}
}

// lying is a source whose servers' answers are not what they should be.
type lying struct {
	connectors.Source

	digester connectors.Digester
	sums     func([]digest.Sum) []digest.Sum
	fail     error
}

func (l *lying) DigestStatements(q digest.Request) ([]query.Statement, error) {
	return l.digester.DigestStatements(q) //nolint:wrapcheck // passed on
}

func (l *lying) Digest(ctx context.Context, q digest.Request) ([]digest.Sum, error) {
	sums, err := l.digester.Digest(ctx, q)
	if err != nil || l.fail != nil {
		return nil, errors.Join(err, l.fail)
	}
	return l.sums(sums), nil
}

func (l *lying) Repeats(ctx context.Context, q digest.Request) ([]int64, error) {
	return l.digester.Repeats(ctx, q) //nolint:wrapcheck // passed on
}

func (l *lying) Cut(ctx context.Context, q digest.Cut) (*value.Batch, error) {
	return l.digester.Cut(ctx, q) //nolint:wrapcheck // passed on
}

// TestDigestNeverClean holds that rows which no range holds, and failures amidst, are errors and no clean bill.
func TestDigestNeverClean(t *testing.T) {
	tb := keyed(value.Int, 500, func(i int) cell { return cell{Value: value.IntValue(int64(i))} })
	store := sqliteStore(t)
	digester, ok := store.source.(connectors.Digester)
	if !ok {
		t.Fatal("SQLite makes no digests")
	}
	l, _ := store.put(t, "nl", &tb)
	r, _ := store.put(t, "nr", &tb)
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		lie   func(*lying)
		want  string
		fatal bool
	}{
		"as it is":           {func(*lying) {}, "", false},
		"a failure":          {func(x *lying) { x.fail = boom }, "target nr: boom", true},
		"a row too few":      {func(x *lying) { x.sums = func(s []digest.Sum) []digest.Sum { s[3].Rows--; return s } }, "", true},
		"a hash too few":     {func(x *lying) { x.sums = func(s []digest.Sum) []digest.Sum { s[3].Hashed--; return s } }, "", false},
		"another sum":        {func(x *lying) { x.sums = func(s []digest.Sum) []digest.Sum { s[len(s)-1].Sums[2]++; return s } }, "", false},
		"nothing is hashed":  {func(x *lying) { x.sums = func(s []digest.Sum) []digest.Sum { return make([]digest.Sum, len(s)) } }, "", true},
		"less than is there": {func(x *lying) { x.sums = func(s []digest.Sum) []digest.Sum { s[0] = digest.Sum{}; return s } }, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			x := &lying{Source: store.source, digester: digester, sums: func(s []digest.Sum) []digest.Sum { return s }}
			c.lie(x)
			right := r
			right.Source = x
			s := align(t, l, right, diff.AlignOptions{Strategy: diff.Digest})
			res, err := diff.Run(t.Context(), s, nil, nil)
			switch {
			case c.fatal && (err == nil || !res.Partial || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%+v, %v", res, err)
			case !c.fatal && (err != nil || res.Counts.Identical != 500 || res.Counts.Changed+res.Counts.Missing+res.Counts.Extra != 0):
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
}

// TestDigestBadKeys holds that keys which cannot be represented are an error, wherever rows are hashed.
func TestDigestBadKeys(t *testing.T) {
	tb := keyed(value.Int, 300, func(i int) cell { return cell{Value: value.IntValue(int64(i))} })
	bad := keyed(value.Int, 300, func(i int) cell { return cell{Value: value.IntValue(int64(i))} })
	bad.cols = append([]value.Column(nil), bad.cols...)
	bad.cols[0].MayErr = true
	bad.rows[150][0] = cell{err: true}
	r := rand.New(rand.NewPCG(1, 1))
	s := align(t, tb.source(t, "l", r), bad.source(t, "r", r), diff.AlignOptions{Strategy: diff.Digest})
	res, err := diff.Run(t.Context(), s, nil, nil)
	if err == nil || !res.Partial {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestDigestRepeatedByForm repeats keys, the same on both sides, that the server tells apart and the comparison does not.
func TestDigestRepeatedByForm(t *testing.T) {
	tb := table{
		cols: []value.Column{{Name: "k", Type: value.Of(value.Int)}, {Name: "name", Type: value.Of(value.String)}, {Name: "c", Type: value.Of(value.Int)}},
		key:  []string{"k", "name"},
	}
	for i := range 600 {
		name := "name"
		if i%100 == 99 {
			name, i = "NAME", i-1
		}
		tb.rows = append(tb.rows, []cell{{Value: value.IntValue(int64(i))}, {Value: value.StringValue(name)}, {Value: value.IntValue(1)}})
	}
	store := sqliteStore(t)
	l, _ := store.put(t, "fl", &tb)
	r, _ := store.put(t, "fr", &tb)
	s := align(t, l, r, diff.AlignOptions{
		Strategy: diff.Digest, TempDir: t.TempDir(), Options: map[string]canon.Options{"name": {Normalize: []canon.Normal{canon.Casefold}}},
	})
	res, err := diff.Run(t.Context(), s, nil, nil)
	want := diff.Counts{Identical: 588, DuplicateKey: 6, LeftRows: 600, RightRows: 600}
	if err != nil || res.Choice.Strategy != diff.Digest || res.Counts != want {
		t.Errorf("%s: %+v, want %+v; %v", res.Choice.Strategy, res.Counts, want, err)
	}
}
