package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// diffFlags are the flags of diff.
type diffFlags struct {
	key, columns, ignore, pairs, tolerances []string
	types, mask                             []string
	where, strategy, format, out            string
	timezone, leftZone, rightZone           string
	settle                                  string
	limit                                   int
	sample                                  sampleFlags
	resources                               resourceFlags
}

// tableRows is how many differences the table shows unless --limit says otherwise.
const tableRows = 20

func (a *app) diffCommand() *cobra.Command {
	f := &diffFlags{}
	cmd := &cobra.Command{
		Use:   "diff LEFT RIGHT",
		Short: "Compare two tables row by row, of whatever systems; no suite needed",
		Long: `Compares two tables, indexes or files, row by row on a key, and prints what differs. LEFT is the source, which is right where they
differ, RIGHT the target: a row is missing where only LEFT has it, extra where only RIGHT has it.

  postgres://user@host/db#public.orders      mysql://user@host/db#orders      user:password@tcp(host:3306)/db#orders
  elasticsearch+https://host:9200#orders     sqlite:shop.db#orders            files:orders.csv

${NAME} within an address is replaced by the environment's value; no part of an address but the table's name is ever shown.
With --sample, rows of each side are drawn at random and looked up on the other, and what that says of all rows is said with its bound: a sample
without a difference does not show that there is none.
Exit codes: 0 equal (of a sample: no difference was drawn), 1 different, 2 wrong usage or columns that cannot be compared, 3 something failed or could
not be told, 130 interrupted.`,
		Example: `  assay diff 'postgres://${PG}/shop#public.orders' 'mysql://${MY}/shop#orders' --key id
  assay diff sqlite:shop.db#orders files:orders.csv --ignore loaded_at --tolerance total=0.01 --format csv --out differences.csv
  assay diff 'postgres://${PG}/shop#public.orders' 'elasticsearch+https://${ES}#orders' --key id --sample 10000`,
		Args: twoSides,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.checkSample(cmd.Flags()); err != nil {
				return err
			}
			return a.diff(cmd.Context(), args[0], args[1], f, cmd.Flags().Changed("limit"))
		},
	}
	f.resources.register(cmd)
	fl := cmd.Flags()
	fl.StringSliceVar(&f.key, "key", nil, "the source's columns that pair the rows (default: its primary key)")
	fl.StringSliceVar(&f.columns, "columns", nil, "compare only these columns, by the source's names (default: all that both sides have)")
	fl.StringSliceVar(&f.ignore, "ignore", nil, "leave these columns out, of either side")
	fl.StringArrayVar(&f.pairs, "map", nil, "SOURCE=TARGET: pair columns of different names (repeatable)")
	fl.StringVar(&f.where, "where", "", "CEL over row: compare only rows for which it holds, on both sides")
	fl.StringArrayVar(&f.tolerances, "tolerance", nil, "COLUMN=0.01, COLUMN=rel:1e-9, COLUMN=ulp:4 or COLUMN=5s: how far values may lie apart (repeatable)")
	fl.StringArrayVar(&f.types, "type", nil, "COLUMN=TYPE, left.COLUMN=TYPE or right.COLUMN=TYPE: what a column holds where that cannot be told ("+
		strings.Join(schema.ColumnTypes(), ", ")+", array, array:TYPE; repeatable)")
	fl.StringSliceVar(&f.mask, "mask", nil, "columns of either side whose values are never shown: tokens that equal values share stand in their place; COLUMN=redact for nothing that tells them apart")
	fl.StringVar(&f.strategy, "strategy", "auto", strings.Join(schema.Strategies(), ", "))
	fl.StringVar(&f.settle, "settle", "", "read a difference again after this long: what has caught up by then is none")
	fl.StringVar(&f.timezone, "timezone", "", "the zone of times without one, on both sides")
	fl.StringVar(&f.leftZone, "left-timezone", "", "likewise, on the left")
	fl.StringVar(&f.rightZone, "right-timezone", "", "likewise, on the right")
	fl.IntVar(&f.limit, "limit", 0, "print at most this many differences (default: 20 in the table, all in the other formats); all are counted")
	fl.StringVar(&f.format, "format", "table", "table, json, csv or sql-keys (statements that select the rows that differ, for each side)")
	fl.StringVar(&f.out, "out", "", "write to this file instead of standard output")
	f.sampleFlags(cmd)
	return cmd
}

// twoSides refuses a command line that does not name two sides.
func twoSides(_ *cobra.Command, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("diff needs two sides, not %d: assay diff LEFT RIGHT; %w", len(args), errAddress)
	}
	return nil
}

// The names of the two sides where a suite's own would stand.
const (
	leftName  = "left"
	rightName = "right"
)

// diffSuite is the comparison that the command line asks for. What is wrong with it stands in the list, with its place in the flags.
func diffSuite(left, right string, f *diffFlags) (*spec.Suite, [2]address, error) {
	var sides [2]address
	for i, text := range []string{left, right} {
		a, err := parseAddress(text)
		if err != nil {
			return nil, sides, fmt.Errorf("the %s side: %w", []string{leftName, rightName}[i], err)
		}
		sides[i] = a
	}
	zones, flags := [2]string{f.leftZone, f.rightZone}, [2]string{"--left-timezone", "--right-timezone"}
	s := &spec.Suite{Name: "diff"}
	for i, name := range []string{leftName, rightName} {
		if zones[i] == "" {
			zones[i], flags[i] = f.timezone, "--timezone"
		}
		if _, err := value.LoadZone(zones[i]); err != nil {
			return nil, sides, fmt.Errorf("%s: %q is no IANA zone", flags[i], zones[i])
		}
		s.Connections = append(s.Connections, sides[i].connection(name, zones[i]))
		d := spec.Dataset{Dataset: sides[i].data, Connection: name, Places: map[string]diag.Span{}}
		d.Name, d.Timezone = name, zones[i]
		s.Datasets = append(s.Datasets, d)
	}
	c, err := f.compare()
	if err != nil {
		return nil, sides, err
	}
	if err := f.declare(s, c); err != nil {
		return nil, sides, err
	}
	if err := maskColumns(s, f.mask); err != nil {
		return nil, sides, err
	}
	s.Expectations = []spec.Expectation{{ID: "diff", Severity: spec.Error, Compare: c, Places: map[string]diag.Span{}}}
	return s, sides, nil
}

// compare makes the comparison of the flags.
func (f *diffFlags) compare() (*spec.Compare, error) {
	c := &spec.Compare{
		Source: spec.Name{Value: leftName}, Target: spec.Name{Value: rightName}, Key: flagNames("--key", f.key),
		Only: flagNames("--columns", f.columns), Ignore: flagNames("--ignore", f.ignore), Strategy: f.strategy,
	}
	if !slices.Contains(schema.Strategies(), f.strategy) {
		return nil, fmt.Errorf("--strategy %q: there are %s", f.strategy, strings.Join(schema.Strategies(), ", "))
	}
	if f.settle != "" {
		d, err := catalog.ParseDuration(f.settle)
		if err != nil || d < 0 {
			return nil, fmt.Errorf("--settle %q: write 5s or 1m", f.settle)
		}
		c.Settle = d
	}
	if f.where != "" {
		c.WhereSource = flagText("--where", f.where)
		c.WhereTarget = c.WhereSource
	}
	for _, m := range f.pairs {
		source, target, ok := strings.Cut(m, "=")
		if !ok || source == "" || target == "" {
			return nil, fmt.Errorf("--map %q: write source_column=target_column", m)
		}
		c.Map = append(c.Map, spec.Mapping{Source: flagName("--map", source), Target: flagName("--map", target)})
	}
	for _, t := range f.tolerances {
		column, text, ok := strings.Cut(t, "=")
		tol, err := parseTolerance(text)
		if !ok || column == "" || err != nil {
			return nil, fmt.Errorf("--tolerance %q: write column=0.01, column=rel:1e-9, column=ulp:4 or column=5s", t)
		}
		c.Columns = append(c.Columns, spec.ComparedColumn{Name: flagName("--tolerance", column), Options: canon.Options{Tolerance: tol}, Places: map[string]diag.Span{}})
	}
	return c, nil
}

// flagText is a flag's value as a text with places, so that what is wrong in it is marked.
func flagText(flag, text string) diag.Text {
	t := diag.Text{Value: text, File: flag}
	for i := range len([]rune(text)) + 1 {
		t.Places = append(t.Places, diag.Pos{File: flag, Line: 1, Col: i + 1})
	}
	return t
}

func flagName(flag, name string) spec.Name {
	return spec.Name{Value: name, At: diag.Span{Pos: diag.Pos{File: flag}}}
}

func flagNames(flag string, names []string) []spec.Name {
	var out []spec.Name
	for _, n := range names {
		out = append(out, flagName(flag, n))
	}
	return out
}

// parseTolerance reads 0.01, rel:1e-9, ulp:4 or 5s.
func parseTolerance(s string) (canon.Tolerance, error) {
	if text, ok := strings.CutPrefix(s, "rel:"); ok {
		r, err := strconv.ParseFloat(text, 64)
		if err != nil || r < 0 || r >= 1 || math.IsNaN(r) {
			return canon.Tolerance{}, errors.New("rel is a number from 0 to below 1")
		}
		return canon.Tolerance{Rel: r, Set: true}, nil
	}
	if text, ok := strings.CutPrefix(s, "ulp:"); ok {
		u, err := strconv.ParseUint(text, 10, 64)
		return canon.Tolerance{ULP: u, Set: true}, err
	}
	d, err := value.ParseDec(s)
	if err != nil {
		span, spanErr := catalog.ParseDuration(s)
		d, err = value.NewDec(span.Nanoseconds(), 9), spanErr
	}
	if err == nil && d.Sign() < 0 {
		err = errors.New("a tolerance is not negative")
	}
	return canon.Tolerance{Abs: d, Set: true}, err
}

// diff compares two tables and prints what differs.
func (a *app) diff(ctx context.Context, left, right string, f *diffFlags, limited bool) error {
	suite, sides, err := diffSuite(left, right, f)
	if err != nil {
		return err
	}
	if limited && f.limit < 1 {
		return fmt.Errorf("--limit %d: must be 1 or more", f.limit)
	}
	limit := f.limit
	if !limited && f.format == "table" {
		limit = tableRows
	}
	if err := knownFormat(f.format, slices.Sorted(maps.Keys(diffFormats()))...); err != nil {
		return err
	}
	a.interrupted = "the comparison is not complete"
	if f.out != "" {
		a.interrupted += ", and " + f.out + " is not written"
	}
	do := func(w io.Writer) error { return a.diffTo(ctx, w, suite, sides, f, limit) }
	if f.out == "" {
		return do(a.stdout)
	}
	if err := spares(inputsOf([]spec.Suite{*suite}, stateDir("", nil)), "--out", f.out); err != nil {
		return err
	}
	var inner error
	err = writeFile(f.out, byUmask, func(w io.Writer) error { inner = do(w); return inner })
	if inner != nil {
		return inner
	}
	if err != nil {
		return &worldError{err}
	}
	return nil
}

// diffTo compares and writes.
func (a *app) diffTo(ctx context.Context, w io.Writer, suite *spec.Suite, sides [2]address, f *diffFlags, limit int) error {
	planned := plan.Options{CarryKeys: f.format == "sql-keys", Sample: f.sample.plan()}
	if err := f.resources.add(&planned); err != nil {
		return err
	}
	var err error
	if planned.Masker, err = masker(stateDir("", nil), []spec.Suite{*suite}); err != nil {
		return err
	}
	printer := diffFormats()[f.format](diffOutput{w: w, color: a.color(w), sides: sides, limit: int64(limit), quiet: a.quiet})
	checks := a.stderr // beside a format for machines the schema check is a remark
	if f.format == "table" {
		checks = w
	}
	bar := &lateProgress{app: a, shown: f.out != "" || f.format == "table" || !terminal(a.stdout)}
	defer bar.done()
	c, found, err := run.Diff(ctx, suite, run.Options{
		Open: open, Now: time.Now(), Version: version, Progress: bar.event, Timeout: statementTimeout, Plan: planned, Sampling: f.sample.sampling(),
	}, run.Watcher{
		Checked: func(_ *plan.Plan, it *plan.Item) error {
			if err := knownMasks(it.Compare); err != nil {
				return err
			}
			if why := it.Compare.Unsampled; why != "" {
				return &usageError{fmt.Errorf("--sample: %s; without --sample all rows are compared", why)}
			}
			if !a.quiet {
				if err := printCheck(checks, it.Compare, sides); err != nil {
					return err
				}
			}
			bar.start()
			return printer.begin(it.Compare)
		},
		Difference: func(it *plan.CompareItem, d *diff.Difference) error { return printer.difference(it, d) },
	})
	bar.done()
	switch {
	case found.HasErrors():
		return &foundError{list: flagHints(found), sources: flagSources(f)}
	case err != nil:
		if _, ok := errors.AsType[*usageError](err); ok {
			return err
		}
		err = flagged(err)
		if e := printer.failed(err); e != nil {
			a.note("assay: %v", e)
		}
		return &worldError{err}
	}
	if err := printer.end(c); err != nil {
		return &worldError{err}
	}
	if n := c.WhereUndecided; n > 0 {
		a.note("--where is undecided for %s of both sides, by a null or an error in it: not compared", diag.Plural(n, "row"))
	}
	if f.format == "csv" && c.Sample != nil {
		a.note("%s", sampleText(c)) // the file has no place for it
	}
	a.code = diffCode(c)
	a.interrupted = "the comparison was complete by then"
	return nil
}

// usageError is a wrong use that only the schema shows.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

// flagSources shows the text of --where where something is wrong with it.
func flagSources(f *diffFlags) diag.Sources {
	return func(name string, line int) (diag.Line, bool) {
		if name != "--where" || line != 1 {
			return diag.Line{}, false
		}
		return diag.Line{Text: f.where}, true
	}
}

// printCheck prints what is compared, and what the schema check remarks.
func printCheck(w io.Writer, c *plan.CompareItem, sides [2]address) error {
	var b strings.Builder
	for i, s := range []*diff.Side{&c.Spec.Left, &c.Spec.Right} {
		fmt.Fprintf(&b, "%-8s %s (%s), %s", []string{leftName, rightName}[i], diag.Visible(sides[i].shown), sides[i].driver, diag.Plural(int64(len(s.Relation.Schema.Columns)), "column"))
		if n := s.Relation.Schema.Rows; n >= 0 {
			fmt.Fprintf(&b, ", about %s", diag.Plural(n, "row"))
		}
		b.WriteByte('\n')
	}
	var key []string
	for _, k := range c.Spec.Key {
		key = append(key, pairText(k.Name, k.Right.Col.Name))
	}
	fmt.Fprintf(&b, "%-8s %s\n", "key", strings.Join(key, ", "))
	fmt.Fprintf(&b, "%-8s %s\n", "compared", diag.Plural(int64(c.Compared), "column"))
	for _, n := range c.Findings {
		word := "note"
		if n.Severity == diff.SeverityWarning {
			word = "warning"
		}
		fmt.Fprintf(&b, "%-8s %s\n", word, diag.Visible(n.Text))
		if n.Hint != "" {
			fmt.Fprintf(&b, "%-8s = %s\n", "", diag.Visible(n.Hint))
		}
	}
	b.WriteByte('\n')
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print the schema check: %w", err)
	}
	return nil
}

// pairText names a pair of columns.
func pairText(left, right string) string {
	if left == right {
		return diag.Visible(left)
	}
	return diag.Visible(left) + " = " + diag.Visible(right)
}
