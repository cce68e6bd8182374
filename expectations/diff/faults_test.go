package diff_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// faultRows are so many rows that they do not fit into what lies between a server and a comparison.
const faultRows = 40_000

// faultTable has a wide row for each number; of the one side some differ.
func faultTable(differ bool) connectortest.Table {
	tb := connectortest.Table{Name: "diff_faults", Key: []string{"k"}, Columns: []connectortest.Column{
		{Name: "k", Type: value.Of(value.Int), NotNull: true}, {Name: "s", Type: value.Of(value.String), Native: map[connectortest.Engine]string{connectortest.EngineMySQL: "varchar(400)"}},
	}}
	for k := range int64(faultRows) {
		s := fmt.Sprintf("%d %s", k, strings.Repeat("x", 300))
		if differ && k%1000 == 999 {
			s = "other"
		}
		tb.Rows = append(tb.Rows, []connectortest.Cell{{Value: value.IntValue(k)}, {Value: value.StringValue(s)}})
	}
	return tb
}

// far is the server whose connection fails.
type far struct {
	engine  string
	open    connectors.Opener
	param   string
	dsn     string
	dataset query.Dataset
}

// fars are the tables of all servers, equal to each other.
func fars(t *testing.T) []far {
	t.Helper()
	pg, my, es := connectortest.Postgres(t), connectortest.MySQL(t), connectortest.Elasticsearch(t)
	tb := faultTable(false)
	return []far{
		{"postgres", postgres.Open, "dsn", pg, connectortest.LoadPostgres(t, pg, tb)},
		{"mysql", mysql.Open, "dsn", my, connectortest.LoadMySQL(t, my, tb)},
		{"elasticsearch", elasticsearch.Open, "url", es, connectortest.LoadElasticsearch(t, es, tb)},
	}
}

// fault is something that goes wrong in the middle of a comparison.
type fault struct {
	name string
	// set prepares it; cancel ends the comparison's context.
	set     func(p *proxy, cancel context.CancelCauseFunc)
	timeout time.Duration
	by      diff.Strategy // "" for merge
	oneSide bool          // it takes long, and one side shows it
	kind    connectors.ErrorKind
	cause   error // of a cancelled context; then no side is to blame
}

var errEnough = errors.New("the user has seen enough")

func faults() []fault {
	const octets = 3 << 20 // of about 12 MB
	return []fault{
		{name: "cut", set: func(p *proxy, _ context.CancelCauseFunc) { p.after(octets, p.cut) }, kind: connectors.Lost},
		{name: "cancelled", set: func(p *proxy, cancel context.CancelCauseFunc) { p.after(octets, func() { cancel(errEnough) }) }, cause: errEnough},
		{
			name: "cancelled while nothing comes", cause: errEnough, oneSide: true,
			set: func(p *proxy, cancel context.CancelCauseFunc) {
				p.after(octets, func() {
					p.slow(1000)
					time.AfterFunc(200*time.Millisecond, func() { cancel(errEnough) })
				})
			},
		},
		{name: "timeout", set: func(p *proxy, _ context.CancelCauseFunc) { p.slow(1 << 20) }, timeout: 150 * time.Millisecond, kind: connectors.TimedOut},
		{name: "cut between digests", by: diff.Digest, set: func(p *proxy, _ context.CancelCauseFunc) { p.after(10_000, p.cut) }, kind: connectors.Lost},
	}
}

// TestFaults has the network or the user end a comparison in the middle, with the far side as the source and as the target: an error that
// names the side, no difference that is not there, nothing left behind.
func TestFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "near.db")
	near := connectortest.LoadSQLite(t, path, faultTable(false))
	for _, f := range fars(t) {
		for _, x := range faults() {
			if x.by == diff.Digest && f.engine == "elasticsearch" {
				continue // which has none
			}
			if x.name == "timeout" && f.engine == "elasticsearch" { // where each page is a request of its own, and a small one is here soon
				x.set = func(p *proxy, _ context.CancelCauseFunc) { p.slow(1 << 16) }
			}
			for _, side := range []canon.Side{canon.Left, canon.Right} {
				if x.oneSide && side == canon.Left {
					continue
				}
				t.Run(fmt.Sprintf("%s %s as side %d", f.engine, x.name, side), func(t *testing.T) {
					x.run(t, &f, path, near, side, 0, func(d diff.Difference) error {
						return fmt.Errorf("a difference that is not there: %v %s", d.Key, d.Class)
					})
				})
			}
		}
	}
}

// TestFaultsWhileSettling does the same while differences are read again: none of them is told.
func TestFaultsWhileSettling(t *testing.T) {
	path := filepath.Join(t.TempDir(), "near.db")
	near := connectortest.LoadSQLite(t, path, faultTable(true))
	cut := fault{kind: connectors.Lost, set: func(*proxy, context.CancelCauseFunc) {}}
	cancelled := fault{cause: errEnough, set: cut.set}
	for _, f := range fars(t) {
		for name, x := range map[string]fault{"cut": cut, "cancelled": cancelled} {
			t.Run(f.engine+" "+name, func(t *testing.T) {
				x.run(t, &f, path, near, canon.Right, 10*time.Second, func(d diff.Difference) error {
					return fmt.Errorf("a difference is told before it is known: %v %s", d.Key, d.Class)
				})
			})
		}
	}
}

// run compares while x happens: at once in the first reading, with settle at the first reading again.
func (x *fault) run(t *testing.T, f *far, path string, near query.Dataset, farSide canon.Side, settle time.Duration, sink func(diff.Difference) error) {
	connectortest.NoLeaks(t)
	p, dsn := between(t, f.engine, f.dsn)
	defer p.close()
	open := func(o connectors.Opener, timeout time.Duration, params map[string]string) connectors.Source {
		s, err := o(t.Context(), connectors.Config{Name: "test", Params: params, Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	farSource, nearSource := open(f.open, x.timeout, map[string]string{f.param: dsn}), open(sqlite.Open, 0, map[string]string{"path": path})
	defer func() { _ = nearSource.Close() }()
	defer func() { _ = farSource.Close() }()
	patient := open(f.open, 0, map[string]string{f.param: f.dsn}) // a busy server may take longer to describe than the timeout is
	l, r := side(t, patient, f.dataset), side(t, nearSource, near)
	if err := patient.Close(); err != nil {
		t.Fatal(err)
	}
	l.Source = farSource
	l.Name, r.Name = "distant", "here"
	if farSide == canon.Right {
		l, r = r, l
	}
	dir := t.TempDir()
	by := x.by
	if by == "" {
		by = diff.Merge
	}
	s := align(t, l, r, diff.AlignOptions{TempDir: dir, Settle: settle, MemoryBytes: 2 << 20, Strategy: by})

	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	x.set(p, cancel)
	again := false
	began := time.Now()
	res, err := diff.Run(ctx, s, sink, func(g diff.Progress) {
		if g.Waiting == 0 || again {
			return
		}
		again = true
		if x.cause != nil {
			cancel(x.cause)
		} else {
			p.cut()
		}
	})
	took := time.Since(began)
	p.cut()                 // else closing the source drains what crawls through the proxy, by the driver's patience of up to 15 s
	if took > time.Minute { // reading to the end takes minutes where the link is slow, and hours where nothing comes
		t.Errorf("it took %v to end", took)
	}
	if err == nil || !res.Partial {
		t.Fatalf("a clean bill: %+v, %v", res.Counts, err)
	}
	if c := res.Counts; c.Changed+c.Missing+c.Extra+c.DuplicateKey+c.InFlight+c.Unsettled > 0 {
		t.Errorf("counts of differences: %+v", c)
	}
	if again != (settle > 0) {
		t.Errorf("the differences were read again: %v", again)
	}
	if settle == 0 && res.Counts.Identical >= faultRows {
		t.Errorf("%d rows were compared: it was not in the middle", res.Counts.Identical)
	}
	se, blamed := errors.AsType[*diff.SideError](err)
	switch {
	case x.cause != nil:
		if !errors.Is(err, x.cause) {
			t.Errorf("got %v", err)
		}
	case !blamed || se.Side != farSide || se.Dataset != "distant":
		t.Errorf("no side is named: %v", err)
	case connectors.KindOf(err) != x.kind && (settle == 0 || connectors.KindOf(err) != connectors.Unreachable): // a new connection is made by then
		t.Errorf("kind %v, want %v: %v", connectors.KindOf(err), x.kind, err)
	}
	t.Logf("after %v: %v", took.Round(time.Millisecond), err)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
