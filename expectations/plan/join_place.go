package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
)

// DefaultJoinMemory is Options.JoinMemory where it is 0.
const DefaultJoinMemory = 64 << 20

// JoinMethod is how the rows meet their partners.
type JoinMethod string

// The methods.
const (
	// JoinServer: the one server that holds all of them joins.
	JoinServer JoinMethod = "SQL join"
	// JoinHash: partners are held here, in memory, and looked up for each streamed row.
	JoinHash JoinMethod = "hash join"
	// JoinLookup: the few rows are read first, and their partners asked for by key.
	JoinLookup JoinMethod = "lookup by key"
	// JoinSort: both sides are sorted by the key here, with files where memory does not do, and merged.
	JoinSort JoinMethod = "sort-merge join"
)

// JoinJob runs the joined expectations over one dataset and the same partners: by one statement where the server can, else over one stream.
type JoinJob struct {
	Left     *Dataset
	Partners []*Partner
	Items    []*Item
	// Method is what is planned; a run may have to take JoinHash for JoinLookup and JoinSort for JoinHash.
	Method  JoinMethod
	Reasons []string
	Memory  int64
	TempDir string
	// Aggregate are the measures of all items, behind a count of all rows; over From with its joins where the server evaluates it.
	Aggregate query.Aggregate
	Slots     []JoinSlot
	// Checks are those of Partners whose key must be shown to be unique by a statement first.
	Checks []*Partner
	// Stream reads the rows where they are joined here, Needs what each partner is asked for, as Rel 0: its key first.
	Stream query.Select
	Needs  [][]*query.Column
	// Sample has rows drawn instead of streamed; nil for all rows. Its columns are those of Stream.
	Sample *query.Sample

	signature string
}

// JoinNumber says what of an item a measure counts.
type JoinNumber uint8

// The numbers. JoinTally is a MeasureTally of the rows that have all partners, the others are MeasureCounts.
const (
	JoinRows JoinNumber = iota // all rows, of no item
	JoinTally
	JoinOrphans
	JoinKeyErrs
	JoinNullKeys
	JoinByAlias
)

// JoinSlot says whose number a measure of a JoinJob is.
type JoinSlot struct {
	Item   *Item
	Number JoinNumber
	Alias  int // JoinByAlias: the position in Partners
}

// placeJoin finds the job of an item.
func (b *builder) placeJoin(it *Item, left *Dataset, parts []*Partner) {
	from := left.Relation
	var text strings.Builder
	for _, p := range parts {
		j := query.Join{Relation: p.Relation}
		fmt.Fprintf(&text, "%q %q", p.Alias, p.Spec.Name)
		for _, k := range p.Keys {
			j.On = append(j.On, query.JoinKey{Left: k.Left, Right: k.Right})
			fmt.Fprintf(&text, " %d=%q", k.Right.Index, k.text)
		}
		from.Joins = append(from.Joins, j)
	}
	measures, slots := joinMeasures(it, parts)
	job := &JoinJob{
		Left: left, Partners: parts, Memory: b.opts.JoinMemory, TempDir: b.opts.TempDir, Method: JoinServer,
		Aggregate: query.Aggregate{From: from, Measures: []query.Measure{{Kind: query.MeasureCount}}}, Slots: []JoinSlot{{}},
	}
	if job.Memory <= 0 {
		job.Memory = DefaultJoinMemory
	}
	if p := b.placers[left.Spec.Name]; p.sampler() != nil {
		it.Sampled = true
		job.sampled(p.sampling)
	} else if job.Reasons = job.refusals(measures); len(job.Reasons) > 0 {
		job.elsewhere(true)
	}
	job.signature = fmt.Sprintf("%q %t %s", left.Spec.Name, job.Method == JoinServer, text.String())
	if i := slices.IndexFunc(b.plan.Joins, func(o *JoinJob) bool { return o.signature == job.signature }); i >= 0 {
		job = b.plan.Joins[i]
	} else {
		b.plan.Joins = append(b.plan.Joins, job)
	}
	it.Join.Job = job
	job.Items = append(job.Items, it)
	job.Aggregate.Measures, job.Slots = append(job.Aggregate.Measures, measures...), append(job.Slots, slots...)
}

// joinMeasures are what tells an item's verdict.
func joinMeasures(it *Item, parts []*Partner) ([]query.Measure, []JoinSlot) {
	j := it.Join
	c := newJoinCondition(it, parts)
	where := j.Rows
	if j.Both != nil { // it is about rows that have their partners
		where = all(j.Rows, or([]query.Expr{not(c.Matched), j.Both}))
	}
	ms := []query.Measure{{Kind: query.MeasureTally, Arg: j.Pred, Where: where, Skip: not(c.Matched), Nulls: j.Nulls}}
	slots := []JoinSlot{{Item: it, Number: JoinTally}}
	rows := j.Rows
	if rows != nil {
		rows = test(query.OpIsTrue, rows) // where it is undecided is for the tally to count
	}
	count := func(n JoinNumber, alias int, e query.Expr) {
		if e == nil {
			return
		}
		ms = append(ms, query.Measure{Kind: query.MeasureCount, Where: all(rows, e)})
		slots = append(slots, JoinSlot{Item: it, Number: n, Alias: alias})
	}
	count(JoinOrphans, 0, c.Orphan)
	count(JoinKeyErrs, 0, c.KeyErr)
	count(JoinNullKeys, 0, c.NullKey)
	for i, e := range c.ByAlias {
		count(JoinByAlias, i, e)
	}
	return ms, slots
}

// refusals say why the server cannot join and judge the item exactly; none when it can.
func (j *JoinJob) refusals(ms []query.Measure) []string {
	var out []string
	caps := j.Left.source.Caps()
	for _, p := range j.Partners {
		if p.Spec.Connection != j.Left.Spec.Connection {
			out = append(out, fmt.Sprintf("two systems: %s is on %s, %s on %s", j.Left.Spec.Name, j.Left.Spec.Connection, p.Spec.Name, p.Spec.Connection))
			continue
		}
		for _, k := range p.Keys {
			if !exactForm(&k) {
				out = append(out, fmt.Sprintf("the server's equality of %s and %s.%s is not that of keys", k.text, p.Alias, k.Right.Col.Name))
			}
		}
	}
	if len(out) > 0 {
		return slices.Compact(out)
	}
	if caps.Join == nil {
		return []string{j.Left.Driver + ": joins"}
	}
	if r := caps.Join(j.Aggregate.From); r != nil {
		return []string{r.Reason}
	}
	for _, m := range ms {
		if r := caps.Measure(j.Aggregate.From, m); r != nil {
			return []string{r.Reason}
		}
	}
	j.Checks = nil
	for _, p := range j.Partners {
		if p.Proof != "" {
			continue
		}
		if why := p.unchecked(); why != "" {
			return []string{why}
		}
		j.Checks = append(j.Checks, p)
	}
	return nil
}

// exactForm reports whether the operators of a server, which compare exactly, find the same keys equal as the form does.
func exactForm(k *PartnerKey) bool {
	switch k.Form.Class {
	case canon.Double, canon.Mixed, canon.Document, canon.Sequence:
		return false // NaN is a key, and its own
	}
	return k.Form.ServerOrder(canon.Left) && k.Form.ServerOrder(canon.Right)
}

// unchecked says why the partner's source cannot tell whether its key is unique, "" if it can.
func (p *Partner) unchecked() string {
	if _, ok := p.source.(connectors.SetChecker); !ok {
		return "no set-level checks where " + p.Spec.Name + " is"
	}
	if r := p.source.Caps().Set(p.Check); r != nil {
		return r.Reason
	}
	return ""
}

// Few rows are looked up by key where the partners are many more.
const (
	// LookupRows is how many rows are looked up at most.
	LookupRows = 10_000
	lookupGain = 20
)

// elsewhere plans the join here; lookup allows partners to be asked for by key.
func (j *JoinJob) elsewhere(lookup bool) {
	j.Method, j.Checks = JoinHash, nil
	rows := j.Left.Relation.Schema.Rows
	lookup = lookup && rows >= 0 && rows <= LookupRows
	for _, p := range j.Partners {
		lookup = lookup && p.Rows() >= lookupGain*max(rows, 1) && p.lookable()
	}
	if lookup {
		j.Method = JoinLookup
		j.Reasons = append(j.Reasons, fmt.Sprintf("%s has about %s, so their partners are asked for by key", j.Left.Spec.Name, diag.Plural(rows, "row")))
		for _, p := range j.Partners {
			if p.Proof == "" {
				j.Checks = append(j.Checks, p)
			}
		}
		return
	}
	for _, p := range j.Partners {
		about := ""
		if n := p.Rows(); n >= 0 {
			about = "about " + diag.Plural(n, "row") + ", "
		}
		j.Reasons = append(j.Reasons, fmt.Sprintf("partners of %s are held in memory (%sup to %d MiB), else sorted", p.Alias, about, j.Memory/int64(len(j.Partners))>>20))
	}
}

// sampled plans the join of rows that are drawn: their partners are asked for by key, or, where that cannot be, all read.
func (j *JoinJob) sampled(s *Sampling) {
	j.Sample = &query.Sample{N: s.Rows, Seed: s.Seed}
	j.Method = JoinLookup
	for _, p := range j.Partners {
		if !p.askable() {
			j.Method = JoinHash
			j.Reasons = append(j.Reasons, fmt.Sprintf("%s is not asked for by key, so all of it is read", p.Spec.Name))
		}
	}
}

// lookable reports whether the partner's source finds rows by values of the key, and can tell that it is unique.
func (p *Partner) lookable() bool {
	return (p.Proof != "" || p.unchecked() == "") && p.askable()
}

// askable reports whether the partner's source finds rows by values of the key.
func (p *Partner) askable() bool {
	for i := range p.Keys {
		if k := &p.Keys[i]; !exactForm(k) || !mayEqual(k.Left.Type(), k.Right.Col.Type) {
			return false
		}
	}
	probe := make([]query.Expr, len(p.Keys))
	for i, k := range p.Keys {
		own := &query.Column{Index: k.Right.Index, Col: k.Right.Col}
		probe[i] = &query.Call{Op: query.OpEq, Args: []query.Expr{own, sampleLiteral(k.Left.Type())}, Typ: boolean()}
	}
	return p.source.Caps().Expr(p.Relation, all(probe...)) == nil
}

// finishJoins plans the streams once every item has its job.
func (b *builder) finishJoins() {
	for _, j := range b.plan.Joins {
		for _, it := range j.Items {
			for _, r := range j.Reasons {
				it.Refusals = append(it.Refusals, query.Refusal{Reason: r})
			}
		}
		if j.Method != JoinServer {
			j.finish(j.Left.source.Caps())
		}
	}
}

// Elsewhere plans the join here after all: the server turned out to be unable to answer exactly.
func (j *JoinJob) Elsewhere(reason string) {
	j.Reasons = append(j.Reasons, reason)
	j.elsewhere(false) // by a key that need not be unique, for all that is known
	j.finish(j.Left.source.Caps())
}

// finish forms the stream and what is read of partners.
func (j *JoinJob) finish(caps query.Caps) {
	sets := make([]columnSet, len(j.Partners)+1)
	take := func(cols ...*query.Column) {
		for _, c := range cols {
			sets[c.Rel].add(&query.Column{Index: c.Index, Col: c.Col})
		}
	}
	for i, p := range j.Partners {
		for _, k := range p.Keys {
			take(&query.Column{Rel: i + 1, Index: k.Right.Index, Col: k.Right.Col})
		}
	}
	take(j.Left.KeyColumns()...)
	var filters []query.Expr
	for _, it := range j.Items {
		take(it.Join.Columns...)
		take(it.Join.Fixed...)
		take(it.Join.Nulls...)
		filters = append(filters, prefilterRows(it.Join.Rows))
	}
	for _, m := range j.Aggregate.Measures {
		take(measureColumns(m)...)
	}
	for _, p := range j.Partners {
		for _, k := range p.Keys {
			take(query.Columns(k.Left)...)
		}
	}
	j.Stream = query.Select{From: j.Left.Relation, Columns: sets[0].list}
	if !slices.ContainsFunc(filters, func(e query.Expr) bool { return e == nil }) {
		if f := or(filters); caps.Expr(j.Left.Relation, f) == nil {
			j.Stream.Branches = []query.Branch{{Where: f}}
		}
	}
	if j.Sample != nil {
		j.Sample.From, j.Sample.Columns, j.Sample.Where = j.Stream.From, j.Stream.Columns, nil
		if len(j.Stream.Branches) > 0 {
			j.Sample.Where = j.Stream.Branches[0].Where
		}
	}
	j.Needs = nil
	for i := range j.Partners {
		j.Needs = append(j.Needs, sets[i+1].list)
	}
}
