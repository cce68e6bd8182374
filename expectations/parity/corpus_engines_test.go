package parity

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
)

const (
	corpusGolden = "corpus.golden.json"
	agrees       = "agrees"
	unholdable   = "the engine cannot hold a value of it"
	// The cases that run, at least, and how many of them share a table.
	minCorpus     = 1000
	casesPerTable = 120
)

// corpusPinned is what became of one case.
type corpusPinned struct {
	Case string `json:"case"`
	// Skip says why it does not run.
	Skip string `json:"skip,omitempty"`
	// Engines holds "agrees" or the reason of the refusal, by engine.
	Engines map[string]string `json:"engines,omitempty"`
}

// corpusTable is one row with a column for every literal.
func corpusTable(ls *literals) connectortest.Table {
	tb := connectortest.Table{Name: "corpus", Key: []string{"id"}}
	tb.Columns = append(tb.Columns, connectortest.Column{Name: "id", Type: value.Of(value.Int), NotNull: true})
	row := []connectortest.Cell{{Value: value.IntValue(0)}}
	for i, v := range ls.values {
		c := connectortest.Column{Name: fmt.Sprintf("c%d", i+1), Type: v.Type()}
		if v.Kind() == value.Duration {
			c.Native = map[connectortest.Engine]string{connectortest.EnginePostgres: "interval"}
		}
		tb.Columns = append(tb.Columns, c)
		row = append(row, connectortest.Cell{Value: v})
	}
	tb.Rows = [][]connectortest.Cell{row}
	return tb
}

// holdable leaves the columns whose value the engine holds as it is.
func holdable(tb connectortest.Table, e connectortest.Engine) connectortest.Table {
	fit := connectortest.Fit(tb, e)
	fit.Rows = fit.Rows[:1] // without Fit's own odd rows
	out := fit
	for i, c := range fit.Columns {
		v := tb.Cell(0, c.Name)
		ok := connectortest.Same(fit.Rows[0][i], v)
		if v.Kind() == value.Duration {
			d := v.Duration()
			ok = d%1000 == 0 && d >= 0 && (e == connectortest.EnginePostgres || d.Hours() < 838)
		}
		if !ok {
			out = without(out, c.Name)
		}
	}
	return out
}

// ask compiles the form of a case for a relation; nil and the first finding where it does not compile.
func ask(text string, rel *query.Relation) (*lang.RowExpr, string) {
	e, list := lang.CompileRowValue(diag.Text{Value: text}, lang.Scope{Row: rel, Now: fuzzNow})
	if e == nil {
		if len(list) == 0 {
			return nil, "internal"
		}
		return nil, list[0].Code + ": " + list[0].Message
	}
	return e, ""
}

// condition makes a case a condition: whether it has the expected value, or, where an error is expected, anything that is
// undecided for an error.
func (c *corpusCase) condition(e *lang.RowExpr) (query.Expr, byte) {
	want := byte('T')
	if c.errs {
		want = 'U'
	}
	if e.Type().Kind == value.Bool {
		if !c.errs && !c.want.Bool() {
			want = 'F'
		}
		return lower.Condition(e), want
	}
	x := lower.Row(e)
	lit := &query.Literal{Val: c.want, Typ: c.want.Type()}
	switch {
	case c.errs:
		lit = &query.Literal{Typ: x.Type()}
	case c.want.Kind() == value.Double && math.IsNaN(c.want.Double()):
		return &query.Call{Op: query.OpEq, Args: []query.Expr{x, x}, Typ: value.Of(value.Bool)}, 'F'
	case c.want.IsNull():
		lit.Typ = x.Type()
	case x.Type().Kind != c.want.Kind():
		return nil, want
	}
	return &query.Call{Op: query.OpEq, Args: []query.Expr{x, lit}, Typ: value.Of(value.Bool)}, want
}

// TestCorpusLocal holds cel-go with assay's dialect and the evaluator to the corpus' own expectations.
func TestCorpusLocal(t *testing.T) {
	cases, ls := scalarCases(t)
	tb := connectortest.Fit(corpusTable(ls), connectortest.EngineMemory)
	rel := query.Relation{Dataset: query.Dataset{Name: tb.Name, Key: tb.Key}, Schema: tb.Schema()}
	var types []value.Type
	var cols []*query.Column
	for i, c := range rel.Schema.Columns {
		types = append(types, c.Type)
		cols = append(cols, &query.Column{Index: i, Col: c})
	}
	batch := value.NewBatch(types...)
	row := make([]value.Value, len(tb.Rows[0]))
	for i, c := range tb.Rows[0] {
		row[i] = c.Value
	}
	batch.AppendRow(row...)
	ran, skipped := 0, map[string]int{}
	for _, c := range cases {
		if c.skip != "" {
			skipped[c.skip]++
			continue
		}
		ok := false
		for _, text := range []string{c.whole, c.pushed} {
			e, why := ask(text, &rel)
			if e == nil {
				c.skip = skipOf(c, why)
				continue
			}
			ok = true
			c.local(t, text, e, row, cols, batch)
		}
		if !ok {
			skipped[c.skip]++
			if !c.errs {
				t.Logf("%s: %s  [%s] %s", c.id, c.text, c.whole, c.skip)
			}
			continue
		}
		c.skip = ""
		ran++
	}
	t.Logf("%d cases, %d run, %d literals", len(cases), ran, len(ls.values))
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		t.Logf("%4d skipped: it %s", skipped[why], why)
	}
	if ran < minCorpus {
		t.Errorf("only %d cases of the corpus run", ran)
	}
}

// skipOf says why a case does not compile, without the names of its columns.
func skipOf(c *corpusCase, why string) string {
	code, message, _ := strings.Cut(why, ": ")
	if c.errs {
		return "expects an error, and the checker already refuses it"
	}
	switch code {
	case "unknown-function":
		return "uses a function that the dialect does not have"
	case "too-complex":
		return "costs more than the dialect allows, with columns of any length"
	case "type-mismatch", "no-overload":
		return "mixes types that the checker tells apart in columns"
	}
	return code + ": " + message
}

// local compares cel-go and the evaluator with the corpus.
func (c *corpusCase) local(t *testing.T, text string, e *lang.RowExpr, row []value.Value, cols []*query.Column, batch *value.Batch) {
	t.Helper()
	want := outcomeText(c.want, !c.errs)
	cells := make([]value.Value, len(e.Columns()))
	for i, col := range e.Columns() {
		cells[i] = row[col.Index]
	}
	v, err := e.Eval(cells, nil)
	if got := outcomeText(v, err == nil); got != want {
		t.Errorf("%s: %s as %s: the corpus says %s, cel-go here %s (%v)", c.id, c.text, text, want, got, err)
		return
	}
	x := lower.Row(e)
	p, err := eval.Compile([]query.Expr{x}, cols)
	if err != nil {
		t.Errorf("%s: %s: %v", c.id, c.text, err)
		return
	}
	out, err := p.Run(batch)
	if err != nil {
		t.Errorf("%s: %s: %v", c.id, c.text, err)
		return
	}
	if x.Type().Kind == value.JSON {
		return // a value known at run time only: interpreted cel-go's own
	}
	if got := outcomeText(out[0].Value(0), !out[0].IsErr(0)); got != want {
		t.Errorf("%s: %s as %s: the corpus says %s, the evaluator %s", c.id, c.text, text, want, got)
	}
}

// TestParityCorpus holds every engine to the corpus' own expectations.
func TestParityCorpus(t *testing.T) {
	cases, ls := scalarCases(t)
	whole := corpusTable(ls)
	memory := connectortest.Fit(whole, connectortest.EngineMemory)
	wholeRel := query.Relation{Dataset: query.Dataset{Name: "corpus", Key: whole.Key}, Schema: memory.Schema()}
	var old []*corpusPinned
	readJSON(t, corpusGolden, &old)
	by := map[string]*corpusPinned{}
	for _, p := range old {
		by[p.Case] = p
	}
	next := make([]*corpusPinned, len(cases))
	for i, c := range cases {
		next[i] = &corpusPinned{Case: c.id, Skip: c.skip}
		if c.skip == "" {
			if e, why := ask(c.pushed, &wholeRel); e == nil {
				next[i].Skip = skipOf(c, why)
			}
		}
		if p := by[c.id]; p != nil && next[i].Skip == "" {
			next[i].Engines = maps.Clone(p.Engines)
		}
		if next[i].Engines == nil && next[i].Skip == "" {
			next[i].Engines = map[string]string{}
		}
	}
	for _, en := range engines() {
		t.Run(en.name, func(t *testing.T) {
			src, load := en.start(t)
			agreed := 0
			for part := range slices.Chunk(runnable(next), casesPerTable) {
				agreed += corpusPart(t, en, src, load, whole, cases, next, by, part)
			}
			t.Logf("%d of %d agree", agreed, len(runnable(next)))
		})
	}
	if *update {
		writeJSON(t, corpusGolden, next)
		return
	}
	for i, c := range cases {
		if p := by[c.id]; p == nil || p.Skip != next[i].Skip {
			t.Errorf("%s: skip %q is not what is pinned", c.id, next[i].Skip)
		}
	}
}

// runnable returns the positions of the cases that run.
func runnable(ps []*corpusPinned) []int {
	var out []int
	for i, p := range ps {
		if p.Skip == "" {
			out = append(out, i)
		}
	}
	return out
}

var corpusColumn = regexp.MustCompile(`\brow\.(c[0-9]+)\b`)

// corpusPart asks a store for some of the cases, over a table of one row with the columns that they name: MySQL does not take
// many columns of text. It returns how many agree.
func corpusPart(
	t *testing.T, en engine, src connectors.Source, load func(connectortest.Table) query.Dataset, whole connectortest.Table,
	cases []*corpusCase, next []*corpusPinned, by map[string]*corpusPinned, part []int,
) int {
	t.Helper()
	named := map[string]bool{"id": true}
	for _, i := range part {
		for _, m := range corpusColumn.FindAllStringSubmatch(cases[i].pushed, -1) {
			named[m[1]] = true
		}
	}
	tb := connectortest.Table{Name: whole.Name, Key: whole.Key, Rows: [][]connectortest.Cell{nil}}
	for c, col := range whole.Columns {
		if named[col.Name] {
			tb.Columns = append(tb.Columns, col)
			tb.Rows[0] = append(tb.Rows[0], whole.Rows[0][c])
		}
	}
	tb = holdable(tb, en.fits)
	b := newBench(t, src, tb, load(tb))
	var taken []compiled
	var at []int
	for _, i := range part {
		cc, why := b.corpusCase(cases[i])
		if why != "" {
			b.pin(t, by, next[i], en.name, why)
			continue
		}
		taken, at = append(taken, cc), append(at, i)
	}
	b.tally(t, taken)
	agreed := 0
	for n, cc := range taken {
		status := agrees
		if cc.entry.Data != "" {
			status = cc.entry.Data
		} else {
			agreed++
		}
		b.pin(t, by, next[at[n]], en.name, status)
	}
	return agreed
}

// corpusCase readies a case for a store, or says why the store does not take it.
func (b *bench) corpusCase(c *corpusCase) (compiled, string) {
	e, _ := ask(c.pushed, &b.rel)
	if e == nil {
		return compiled{}, unholdable
	}
	x, want := c.condition(e)
	if x == nil {
		return compiled{}, "type known only at run time"
	}
	if d := lower.Decide(b.rel, b.src.Caps(), x); d.Support != lower.Exact {
		var reasons []string
		for _, r := range d.Refusals {
			if !slices.Contains(reasons, r.Reason) {
				reasons = append(reasons, r.Reason)
			}
		}
		slices.Sort(reasons)
		return compiled{}, strings.Join(reasons, "; ")
	}
	cc := compiled{shape: shape{text: c.id + ": " + c.text}, e: e, x: x, want: string(want), entry: &entry{Support: lower.Exact.String()}}
	return cc, ""
}

// pin notes what an engine did with a case and compares it with what is pinned.
func (b *bench) pin(t *testing.T, by map[string]*corpusPinned, p *corpusPinned, engine, status string) {
	t.Helper()
	p.Engines[engine] = status
	if *update {
		return
	}
	if old := by[p.Case]; old == nil || old.Engines[engine] != status {
		t.Errorf("%s: %q is not what is pinned", p.Case, status)
	}
}
