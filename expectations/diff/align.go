package diff

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

// Severity weighs a Finding.
type Severity string

// The severities. With an error the comparison must not run.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note"
)

// The codes of findings; those of canon's notes ("precision", "mapping", ...) are others.
const (
	CodeNoKey        = "no_key"       // neither declared nor a primary key of the source
	CodeKey          = "key"          // a key column that cannot be one
	CodeUnknown      = "unknown"      // an option names a column that is not there
	CodeIncomparable = "incomparable" // a pair of columns whose types cannot be compared
	CodeSourceOnly   = "source_only"  // a column that the target has not
	CodeTargetOnly   = "target_only"  // a column that the source has not
	CodeLeftOut      = "left_out"     // options of a column that is not compared
	CodeAmbiguous    = "ambiguous"    // several columns of the target could be meant
	CodeNoColumns    = "no_columns"   // nothing but the key is compared
	CodeRenamed      = "renamed"      // a pair of columns with different names
	CodeMetadata     = "metadata"     // a column of the engine's own that is not compared
	CodeUntold       = "untold"       // a column that takes its partner's type, since nothing tells its own
)

// Finding is something that the schema check has to say before any row is read.
type Finding struct {
	Code     string
	Severity Severity
	Column   string // the source's name of it, or the target's where only that has it; "" for none
	Text     string
	Hint     string
}

// AlignOptions is what a suite says about a comparison. Columns are named as the source names them.
type AlignOptions struct {
	// Key are the columns that pair rows, in order; nil for the declared key of the source, else its primary key.
	Key []string
	// Columns are those to compare; nil for all that both sides have.
	Columns []string
	// Ignore are columns, of either side, that are not compared.
	Ignore []string
	// Map gives the target's name of a source's column where they differ.
	Map map[string]string
	// Options are those of a pair of columns.
	Options map[string]canon.Options
	// Expect are conditions that take the place of equality.
	Expect map[string]func(left, right []value.Value) (equal, ok bool)

	Strategy    Strategy
	Settle      time.Duration
	MemoryBytes int64
	TempDir     string
}

// Align pairs the columns of two datasets, whose relations are described, and says what cannot be compared and what will be lost. The Spec
// holds what can be compared; with a Finding of severity error it is not what was asked for.
func Align(left, right Side, o AlignOptions) (Spec, []Finding) {
	for _, s := range []*Side{&left, &right} {
		s.Relation.Schema.Columns = slices.Clone(s.Relation.Schema.Columns) // some may be given other types
	}
	a := aligning{left: left, right: right, o: o, spec: Spec{
		Left: left, Right: right, Strategy: o.Strategy, Settle: o.Settle, MemoryBytes: o.MemoryBytes, TempDir: o.TempDir,
	}}
	a.names()
	a.pair()
	a.keys()
	a.compared()
	return a.spec, a.findings
}

// HasErrors reports whether one of the findings forbids the comparison.
func HasErrors(fs []Finding) bool {
	return slices.ContainsFunc(fs, func(f Finding) bool { return f.Severity == SeverityError })
}

// aligning is an Align under way.
type aligning struct {
	left, right Side
	o           AlignOptions
	spec        Spec
	findings    []Finding
	pairs       map[string]int // position of the target's column by the source's name
	taken       map[int]string // the source's name by position of the target's column
	broken      map[string]bool
}

func (a *aligning) find(code string, s Severity, column, hint, format string, args ...any) {
	a.findings = append(a.findings, Finding{Code: code, Severity: s, Column: column, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func namesOf(s *Side) []string {
	names := make([]string, len(s.Relation.Schema.Columns))
	for i, c := range s.Relation.Schema.Columns {
		names[i] = c.Name
	}
	return names
}

// names refuses options about columns that are not there.
func (a *aligning) names() {
	left, right := namesOf(&a.left), namesOf(&a.right)
	unknown := func(where, name, side string, have []string) {
		if !slices.Contains(have, name) {
			a.find(CodeUnknown, SeverityError, name, diag.DidYouMean(name, have), "%s names %q, which is no column of the %s", where, name, side)
		}
	}
	for _, n := range a.o.Key {
		unknown("key", n, "source", left)
	}
	for _, n := range a.o.Columns {
		unknown("columns", n, "source", left)
	}
	for _, n := range a.o.Ignore {
		if !slices.Contains(left, n) && !slices.Contains(right, n) {
			a.find(CodeUnknown, SeverityError, n, diag.DidYouMean(n, append(slices.Clone(left), right...)), "ignore names %q, which is no column of either side", n)
		}
	}
	for _, n := range sortedKeys(a.o.Map) {
		unknown("map", n, "source", left)
		unknown("map", a.o.Map[n], "target", right)
	}
	for _, n := range sortedKeys(a.o.Options) {
		unknown("columns", n, "source", left)
	}
	for _, n := range sortedKeys(a.o.Expect) {
		unknown("columns", n, "source", left)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// pair matches columns: as mapped, then by the same name, then by the same name but for case where that is unique on both sides.
func (a *aligning) pair() {
	a.pairs, a.taken, a.broken = map[string]int{}, map[int]string{}, map[string]bool{}
	left, right := namesOf(&a.left), namesOf(&a.right)
	take := func(name string, i int) {
		if other, ok := a.taken[i]; ok {
			a.broken[name] = true
			a.find(CodeAmbiguous, SeverityError, name, "map each of them to a column of its own", "%q and %q are both paired with the target's %q", other, name, right[i])
			return
		}
		a.pairs[name], a.taken[i] = i, name
	}
	for _, n := range left {
		if to, ok := a.o.Map[n]; ok {
			if i := slices.Index(right, to); i >= 0 {
				take(n, i)
			} else {
				a.broken[n] = true
			}
		}
	}
	open := func(n string) bool {
		_, paired := a.pairs[n]
		_, mapped := a.o.Map[n]
		return !paired && !mapped
	}
	for _, n := range left {
		if i := slices.Index(right, n); i >= 0 && open(n) {
			if _, ok := a.taken[i]; !ok {
				take(n, i)
			}
		}
	}
	for _, n := range left {
		if !open(n) {
			continue
		}
		var alike []int
		for i, r := range right {
			if _, ok := a.taken[i]; !ok && strings.EqualFold(n, r) {
				alike = append(alike, i)
			}
		}
		rivals := slices.ContainsFunc(left, func(m string) bool { return m != n && open(m) && strings.EqualFold(m, n) })
		switch {
		case len(alike) == 1 && !rivals:
			take(n, alike[0])
			a.find(CodeRenamed, SeverityNote, n, "", "%q is paired with the target's %q", n, right[alike[0]])
		case len(alike) > 0:
			a.find(CodeAmbiguous, SeverityWarning, n, "say which under map:", "several columns could be meant by %q when case is left aside", n)
		}
	}
}

// column returns a pair of columns, or records why there is none.
func (a *aligning) column(name string) (Column, error) {
	_, i := a.left.Relation.Schema.Column(name)
	j := a.pairs[name]
	l, r := &a.left.Relation.Schema.Columns[i], &a.right.Relation.Schema.Columns[j]
	a.retype(name, &a.left, l, r)
	a.retype(name, &a.right, r, l)
	form, notes, err := canon.Pair(*l, *r, a.o.Options[name])
	if err != nil {
		return Column{}, err
	}
	return Column{
		Name: name, Form: form, Notes: notes, Expect: a.o.Expect[name],
		Left: &query.Column{Index: i, Col: *l}, Right: &query.Column{Index: j, Col: *r},
	}, nil
}

// retype gives a column whose type nothing tells that of its partner: what was seen of it holds nothing, and what comes later is read as such a
// value, or is in error, which equals nothing.
func (a *aligning) retype(name string, side *Side, c, partner *value.Column) {
	by, ok := side.Source.(connectors.Retyper)
	if !ok || !c.Untold || partner.Untold || partner.Unusable != "" || partner.Type.Kind == c.Type.Kind && c.Unusable == "" {
		return
	}
	o := query.OptionsOf(partner)
	if partner.Type.Kind == value.Timestamp && o.Type == "local_timestamp" && side.Relation.Dataset.Timezone == "" {
		o.Type = value.Timestamp.String()
	}
	if told, ok := by.Retype(side.Relation.Dataset, *c, o); ok {
		*c = told
		a.find(CodeUntold, SeverityNote, name, "", "%q holds nothing by which its type could be told in the %s: it is read as %s, like its partner", c.Name, side.Name, o.Type)
	}
}

// keys pairs the columns of the key.
func (a *aligning) keys() {
	key := a.o.Key
	if len(key) == 0 {
		key = a.left.Relation.Dataset.Key
	}
	if len(key) == 0 {
		key = a.left.Relation.Schema.Key
	}
	if len(key) == 0 {
		a.find(CodeNoKey, SeverityError, "", "declare key: with the columns that pair the rows", "%s has no primary key, and none is declared", a.left.Name)
		return
	}
	for i, name := range key {
		if slices.Contains(key[:i], name) {
			a.find(CodeKey, SeverityError, name, "", "the key names %q twice", name)
			continue
		}
		if _, ok := a.pairs[name]; !ok {
			if !a.broken[name] && !a.reported(name) {
				a.find(CodeKey, SeverityError, name, "map it to the target's column of another name", "the key column %q has no partner in the target", name)
			}
			continue
		}
		c, err := a.column(name)
		if err == nil {
			err = c.Form.Orderable()
		}
		if err != nil {
			a.incomparable(CodeKey, name, "key column ", err)
			continue
		}
		if c.Expect != nil {
			a.find(CodeKey, SeverityError, name, "leave the condition out, or choose another key", "key column %q has a condition instead of equality, by which rows cannot be paired", name)
			continue
		}
		a.spec.Key = append(a.spec.Key, c)
		a.notes(&c, "")
	}
}

// reported reports whether an error about the column stands already.
func (a *aligning) reported(name string) bool {
	return slices.ContainsFunc(a.findings, func(f Finding) bool { return f.Column == name && f.Severity == SeverityError })
}

func (a *aligning) incomparable(code, name, what string, err error) {
	hint := ""
	if x, ok := errors.AsType[*canon.IncomparableError](err); ok {
		hint = x.Hint
	}
	a.find(code, SeverityError, name, hint, "%s%s: %s", what, name, err.Error())
}

// notes turns canon's remarks into findings.
func (a *aligning) notes(c *Column, hint string) {
	for _, n := range c.Notes {
		s := SeverityNote
		if n.Code == codePrecision {
			s = SeverityWarning
		}
		a.find(n.Code, s, c.Name, hint, "%s", n.Text)
	}
}

// codePrecision is canon's code of a pair that is compared coarser than one side could.
const codePrecision = "precision"

// compared pairs the other columns.
func (a *aligning) compared() {
	isKey := func(name string) bool {
		return slices.ContainsFunc(a.spec.Key, func(c Column) bool { return c.Name == name })
	}
	for i := range a.left.Relation.Schema.Columns {
		name := a.left.Relation.Schema.Columns[i].Name
		if isKey(name) || a.broken[name] {
			continue
		}
		_, options := a.o.Options[name]
		if _, has := a.o.Expect[name]; options || has {
			if _, paired := a.pairs[name]; (a.leftOut(name) || !paired) && !a.reported(name) {
				a.find(CodeLeftOut, SeverityError, name, "compare it, or take back what is said of it", "something is said of how %q is compared, and it is not compared", name)
				continue
			}
		}
		if a.leftOut(name) {
			continue
		}
		if _, ok := a.pairs[name]; !ok {
			switch {
			case a.reported(name): // a key column, most likely
			case slices.Contains(a.o.Columns, name):
				a.find(CodeSourceOnly, SeverityError, name, "map it to the target's column of another name", "%q is to be compared, and the target has no such column", name)
			default:
				a.find(CodeSourceOnly, SeverityWarning, name, "map it to the target's column, or ignore it", "%q is in the source only and not compared", name)
			}
			continue
		}
		if a.reported(name) {
			continue
		}
		c, err := a.column(name)
		if err != nil {
			a.incomparable(CodeIncomparable, name, "", err)
			continue
		}
		a.spec.Columns = append(a.spec.Columns, c)
		a.notes(&c, "")
	}
	if a.o.Columns == nil {
		for i, c := range a.right.Relation.Schema.Columns {
			if _, ok := a.taken[i]; !ok && !slices.Contains(a.o.Ignore, c.Name) {
				a.find(CodeTargetOnly, SeverityWarning, c.Name, "map a column of the source to it, or ignore it", "%q is in the target only and not compared", c.Name)
			}
		}
	}
	if len(a.spec.Columns) == 0 && len(a.spec.Key) > 0 {
		a.find(CodeNoColumns, SeverityWarning, "", "", "nothing but the key is compared: only missing, extra and repeated rows can be found")
	}
}

// leftOut reports whether a column of the source is not to be compared.
func (a *aligning) leftOut(name string) bool {
	if slices.Contains(a.o.Ignore, name) {
		return true
	}
	if i, ok := a.pairs[name]; ok && slices.Contains(a.o.Ignore, a.right.Relation.Schema.Columns[i].Name) {
		return true
	}
	return a.o.Columns != nil && !slices.Contains(a.o.Columns, name)
}
